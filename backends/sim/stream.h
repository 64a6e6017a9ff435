// One simulated queue at work: begins operations in order, ends them, and reports.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "backends/sim/core.h"
#include "backends/sim/op.h"

namespace troika::sim {

// Outlives its Queue while operations of it run: an abandoned device still touches its memory.
class Stream {
 public:
  Stream(Core& core, QueueId id, QueueUse use, unsigned lane, QueueListener& listener);

  QueueId id() const noexcept { return id_; }
  QueueUse use() const noexcept { return use_; }
  // Timepoints up to here have been given out, ended, told to the listener.
  std::uint64_t enqueued() const noexcept { return enqueued_; }
  std::uint64_t ended() const noexcept { return ended_; }
  std::uint64_t reported() const noexcept { return reported_; }

  // Numbers it; it begins after the next flush.
  Timepoint push(Op op);
  void wait_for(Timepoint other) { waits_.push_back(other); }
  void flush();
  // As Queue::abandon(). A worker of the host that hangs is replaced: its lane is free again. What
  // has begun and was not told as ended counts as damaged from now on.
  Timepoint abandon() noexcept;
  bool abandoned() const noexcept { return abandoned_; }
  // Its Queue is gone; operations may go on.
  void close() noexcept { closed_ = true; }
  bool closed() const noexcept { return closed_; }

  // Begins the operation at the head when nothing holds it back.
  bool try_start();
  void hang() noexcept { hung_ = true; }
  // Whatever is unfinished ends here, and with it the reports.
  void lose();
  bool idle() const noexcept { return ops_.empty() && reports_.empty(); }
  std::string describe() const;

 private:
  struct Report {
    std::uint64_t reached = 0;
    Status status;
    bool lost = false;
    std::vector<Interval> measured;
    FailureId failure = no_failure;
    std::uint64_t moment = 0;  // of the end that it tells
  };

  bool may_start(const Op& op) const;
  bool stuck() const noexcept { return core_.lost() || core_.hung() || hung_; }
  void start(const std::shared_ptr<Op>& op);
  Nanos launch_time(const Op& op);
  void finish(const std::shared_ptr<Op>& op, const std::shared_ptr<Effect>& effect);
  Nanos misread(Nanos took);
  void report_end(const Op& op, const Status& status, FailureId failure);
  void send(Report report);
  void deliver();
  void release(const Op& op) noexcept;
  void release_until(std::uint64_t value) noexcept;
  void distrust_untold();
  void drop_what_has_not_begun() noexcept;

  Core& core_;
  World& world_;
  const QueueId id_;
  const QueueUse use_;
  const unsigned lane_;
  QueueListener& listener_;

  std::deque<std::shared_ptr<Op>> ops_;   // not ended
  std::deque<std::shared_ptr<Op>> held_;  // not told: their allocations must live
  std::deque<std::shared_ptr<Op>> begun_and_untold_;
  FailureId distrust_ = no_failure;  // once abandoned: of what was not told
  std::vector<Timepoint> waits_;     // of the next operation
  std::vector<Interval> measured_;   // of ended launches that no report has told
  std::deque<Report> reports_;       // on their way, in order
  std::uint64_t enqueued_ = 0, flushed_ = 0, begun_ = 0, ended_ = 0, reported_ = 0;
  bool abandoned_ = false, closed_ = false, hung_ = false;
};

}  // namespace troika::sim
