// What a cost model predicts, kept by kernel, size and work: a decision asks the same again and
// again.
#pragma once

#include <cstdint>
#include <map>
#include <tuple>
#include <vector>

#include "runtime/sched/cost_model.h"

namespace troika {

// Not thread-safe: the strand owns it. The model outlives it.
class CostMemo {
 public:
  explicit CostMemo(const CostModel& model) noexcept : model_{model} {}

  // The number of the row for such tasks. The kernel and every device have been added to the model.
  std::uint32_t row_of(const CostKey& key, const Work& work);
  // The model has more of them.
  void count_devices();
  // As CostModel::predict().
  const Estimate& at(std::uint32_t row, DeviceId device) const {
    Cell& cell = cells_[row * devices_ + device.value];
    const std::uint64_t revision = model_.revision(rows_[row].key.kernel, device);
    if (cell.revision != revision)
      cell = {revision, model_.predict(rows_[row].key, rows_[row].work, device)};
    return cell.estimate;
  }

 private:
  struct Row {
    CostKey key;
    Work work;
  };
  struct Cell {
    std::uint64_t revision = 0;
    Estimate estimate;
  };

  const CostModel& model_;
  std::size_t devices_ = 0;
  std::vector<Row> rows_;
  mutable std::vector<Cell> cells_;  // by row, then device
  std::uint32_t last_ = 0;           // the row asked for last
  std::map<std::tuple<std::uint32_t, std::uint64_t, double, double>, std::uint32_t> numbers_;
};

}  // namespace troika
