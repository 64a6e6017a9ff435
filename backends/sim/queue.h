// The Queue that the executor holds: checks what it is asked, and hands it to its stream.
#pragma once

#include "backends/sim/stream.h"

namespace troika::sim {

class SimQueue final : public Queue {
 public:
  SimQueue(Core& core, Stream& stream) noexcept : core_{core}, stream_{stream} {}
  ~SimQueue() override;

  Result<Timepoint> copy(const CopyOp& op) override;
  Result<Timepoint> fill(const FillOp& op) override;
  Result<Timepoint> launch(const LaunchOp& op) override;
  Result<Timepoint> hand_over(const HandOver& op) override;
  Status wait_for(Timepoint other) override;
  Status flush() override;
  Timepoint abandon() noexcept override;
  Timepoint reached() const noexcept override;
  std::size_t capacity() const noexcept override { return core_.spec().queue_capacity; }

 private:
  enum class Handle : std::uint8_t { own, any };

  Status admit(const char* verb, bool enqueues);
  Result<OpUse> resolve(const Span2D& span, Touch touch, Handle handle);
  // The whole allocation.
  Result<OpUse> known_use(const Allocation& handle, Handle wanted);
  Result<OpUse> foreign_use(const Allocation& handle);
  Result<Timepoint> push(Op op) { return stream_.push(std::move(op)); }

  Core& core_;
  Stream& stream_;
};

}  // namespace troika::sim
