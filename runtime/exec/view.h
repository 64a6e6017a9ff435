// What the executor shows its policy.
#pragma once

#include <vector>

#include "runtime/exec/executor.h"

namespace troika {

class Executor::View final : public SchedView {
 public:
  explicit View(Executor& executor) noexcept : executor_{executor} {}

  // Something may have changed.
  void refresh() noexcept {
    version_ += 1;
    stale_ = true;
  }
  std::uint64_t version() const noexcept override { return version_; }
  Nanos now() const noexcept override { return executor_.now_; }
  std::span<const LaneView> lanes() const noexcept override {
    if (stale_) survey();
    return lanes_;
  }
  std::span<const ReadySet> ready() const noexcept override { return executor_.ready_; }
  std::span<const ReadySetId> ready_sets() const noexcept override { return executor_.ready_sets_; }
  const ReadySet& bound(LaneId lane) const noexcept override { return executor_.lane(lane).bound; }
  bool able(const ReadyTask& task, LaneId lane) const noexcept override;
  Prediction predict(const ReadyTask& task, LaneId lane) const noexcept override;
  RunOutlook outlook(const ReadyTask& task) const noexcept override;
  double area_left() const noexcept override { return executor_.area_left_; }

 private:
  void survey() const;

  Executor& executor_;
  std::uint64_t version_ = 0;
  // Looked up when they are asked for.
  mutable bool stale_ = true;
  mutable std::vector<LaneView> lanes_;
  mutable std::vector<std::vector<LaneId>> sharing_;  // by lane
};

}  // namespace troika
