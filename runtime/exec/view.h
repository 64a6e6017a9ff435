// What the executor shows its policy.
#pragma once

#include <vector>

#include "runtime/exec/executor.h"

namespace troika {

class Executor::View final : public SchedView {
 public:
  explicit View(Executor& executor) noexcept : executor_{executor} {}

  void refresh();
  void note_ready(KernelId kernel);
  Nanos now() const noexcept override { return executor_.now_; }
  std::span<const LaneView> lanes() const noexcept override { return lanes_; }
  std::span<const ReadySet> ready() const noexcept override { return executor_.ready_; }
  std::span<const KernelId> ready_kernels() const noexcept override;
  bool able(const ReadyTask& task, LaneId lane) const noexcept override;
  Prediction predict(const ReadyTask& task, LaneId lane) const noexcept override;

 private:
  Executor& executor_;
  std::vector<LaneView> lanes_;
  std::vector<std::vector<LaneId>> sharing_;  // by lane
  mutable std::vector<KernelId> ready_kernels_;
};

}  // namespace troika
