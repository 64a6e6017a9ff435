#include "runtime/sched/cost_memo.h"

namespace troika {

std::uint32_t CostMemo::row_of(const CostKey& key, const Work& work) {
  // Programs add runs of the same kernel at the same size.
  if (last_ < rows_.size() && rows_[last_].key == key && rows_[last_].work.flops == work.flops &&
      rows_[last_].work.bytes == work.bytes)
    return last_;
  const auto [entry, added] =
      numbers_.try_emplace(std::tuple{key.kernel.value, key.bytes, work.flops, work.bytes},
                           static_cast<std::uint32_t>(rows_.size()));
  last_ = entry->second;
  if (!added) return last_;
  if (devices_ != model_.devices()) count_devices();
  rows_.push_back({key, work});
  cells_.resize(rows_.size() * devices_);
  return last_;
}

void CostMemo::count_devices() {
  devices_ = model_.devices();
  cells_.assign(rows_.size() * devices_, {});
}

}  // namespace troika
