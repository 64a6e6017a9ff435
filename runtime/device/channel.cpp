#include "runtime/device/channel.h"

#include <algorithm>
#include <cassert>
#include <string>
#include <utility>

namespace troika {

Channel::Channel(QueueId id, std::unique_ptr<Stream> stream, QueueListener& listener,
                 std::size_t capacity, std::shared_ptr<Waker> waker)
    : id_{id},
      stream_{std::move(stream)},
      waker_{std::move(waker)},
      slots_(capacity),
      listener_{&listener} {
  assert(capacity > 0);
}

Result<StreamOperation*> Channel::next_slot() {
  if (abandoned()) return Status{Code::device_lost, "this queue was abandoned"};
  const std::uint64_t value = enqueued_.load(std::memory_order_relaxed) + 1;
  if (value - reached() > slots_.size())
    return Status{Code::exhausted, "queue " + std::to_string(id_.value) + " holds its limit of " +
                                       std::to_string(slots_.size()) + " operations in flight"};
  StreamOperation& op = slot(value).op;
  op.value = value;
  return &op;
}

Result<Timepoint> Channel::enqueue(StreamOperation& op) {
  TROIKA_ASSIGN(const bool needed, stream_->accept(op));
  if (!needed) return Timepoint{id_, 0};
  Slot& to = slot(op.value);
  to.wait_count = std::exchange(wait_count_, 0);
  for (std::size_t i = 0; i < to.wait_count; ++i) to.waits[i] = std::move(waits_[i]);
  enqueued_.store(op.value, std::memory_order_release);
  return Timepoint{id_, op.value};
}

Status Channel::wait_for(std::shared_ptr<Channel> other, std::uint64_t value) {
  if (value > other->enqueued())
    return {Code::invalid_argument, "wait_for: value " + std::to_string(value) + " of queue " +
                                        std::to_string(other->id_.value) + " is not enqueued yet"};
  if (other.get() == this || other->reached() >= value) return {};
  for (std::size_t i = 0; i < wait_count_; ++i) {
    if (waits_[i].channel != other) continue;
    waits_[i].value = std::max(waits_[i].value, value);
    return {};
  }
  if (wait_count_ == waits_max)
    return {Code::exhausted,
            "wait_for: an operation waits for at most " + std::to_string(waits_max) + " queues"};
  waits_[wait_count_++] = {std::move(other), value};
  return {};
}

void Channel::flush() noexcept {
  flushed_.store(enqueued_.load(std::memory_order_relaxed), std::memory_order_release);
  flushes_.fetch_add(1, std::memory_order_release);
  waker_->wake();
}

// The driver stores begun_ and then looks at abandoned_; here it is the other way round. So either
// this sees the operation as begun, or the driver sees that it must not begin it.
std::uint64_t Channel::abandon() noexcept {
  abandoned_.store(true, std::memory_order_seq_cst);
  const std::uint64_t begun = begun_.load(std::memory_order_seq_cst);
  const std::scoped_lock lock{listening_};
  listener_ = nullptr;
  return begun;
}

void Channel::close() noexcept {
  abandon();
  closed_.store(true, std::memory_order_release);
  waker_->wake();
}

bool Channel::serve() {
  if (lost_ || abandoned()) return false;
  const bool begun = begin_flushed();
  if (lost_) return true;
  collect();
  return report() || begun;
}

// Whether every point that the operation waits for is reached, or begun and for the vendor to wait
// for. What is neither may lie unflushed in its queue, and would then never be.
bool Channel::waits_over(Slot& slot, bool& demanded) {
  const auto not_reached = [](const Wait& wait) { return wait.channel->reached() < wait.value; };
  const std::span<Wait> waits{slot.waits.data(), slot.wait_count};
  for (const Wait& wait : waits) {
    Channel& other = *wait.channel;
    if (!not_reached(wait) || other.has_sent(wait.value)) continue;
    if (other.demanded_ < wait.value) {
      other.demanded_ = wait.value;
      demanded = true;
    }
    return false;
  }
  for (const Wait& wait : waits)
    if (not_reached(wait) && !stream_->hold_behind(*wait.channel->stream_, wait.value))
      return false;
  for (std::size_t i = 0; i < slot.wait_count; ++i) slot.waits[i].channel.reset();
  return true;
}

// Of a queue that was given up nobody knows which operations those are.
bool Channel::has_sent(std::uint64_t value) const noexcept {
  return begun_.load(std::memory_order_relaxed) >= value && !lost_ && !abandoned();
}

bool Channel::begin_flushed() {
  // The count first: the value then read covers every flush it counts.
  const std::uint64_t flushes = flushes_.load(std::memory_order_acquire);
  const std::uint64_t flushed = flushed_.load(std::memory_order_acquire);
  if (flushes != std::exchange(flushes_seen_, flushes)) {
    owed_ = flushed;
    report_owed_ = true;
  }
  const std::uint64_t limit = std::max(flushed, demanded_);
  bool demanded = false;
  const std::uint64_t before = begun_.load(std::memory_order_relaxed);
  std::uint64_t begun = before;
  while (begun < limit) {
    Slot& next = slot(begun + 1);
    if (!stream_->ready_for(next.op) || !waits_over(next, demanded)) break;
    begun_.store(begun + 1, std::memory_order_seq_cst);
    if (abandoned_.load(std::memory_order_seq_cst)) break;
    ++begun;
    if (Status status = stream_->begin(next.op); status.ok()) begun_well_ = begun;
    else refused_.push_back({begun, begun_well_, std::move(status)});
  }
  if (begun == before) return demanded;
  if (const Status sent = stream_->submit(); !sent.ok()) lose(sent);
  return true;
}

// Merges what the stream says with what it refused: `ended_` and `failures_`, both in order.
void Channel::collect() {
  progress_.clear();
  stream_->poll(progress_);
  failures_.assign(progress_.failed.begin(), progress_.failed.end());
  ended_ = std::max(ended_, progress_.reached);
  std::size_t over = 0;
  while (over < refused_.size() && refused_[over].after <= progress_.reached) {
    ended_ = std::max(ended_, refused_[over].value);
    failures_.push_back({refused_[over].value, std::move(refused_[over].status)});
    ++over;
  }
  refused_.erase(refused_.begin(), refused_.begin() + static_cast<std::ptrdiff_t>(over));
  std::sort(failures_.begin(), failures_.end(),
            [](const Failure& a, const Failure& b) { return a.value < b.value; });
}

bool Channel::report() {
  const bool moved = ended_ > reached();
  for (const Failure& failure : failures_) advance(failure.value, failure.status);
  if (ended_ > reached()) advance(ended_, {});
  if (report_owed_ && reached() >= owed_) {
    // A flush of nothing new still gets its report.
    if (!moved) advance(reached(), last_status_);
    report_owed_ = false;
  }
  if (!progress_.lost.ok()) lose(progress_.lost);
  return moved;
}

void Channel::advance(std::uint64_t value, const Status& status) {
  const auto& measured = progress_.measured;
  const auto at = [&](std::uint64_t v) {
    return std::upper_bound(measured.begin(), measured.end(), v,
                            [](std::uint64_t x, const Interval& m) { return x < m.value; });
  };
  const std::span<const Interval> intervals{at(reached()), at(value)};
  last_status_ = status;
  reached_.store(value, std::memory_order_release);
  tell({{id_, value}, status, false, intervals});
}

void Channel::lose(const Status& why) {
  lost_ = true;
  tell({{id_, reached()}, {Code::device_lost, std::string{why.message()}}, true, {}});
}

void Channel::tell(const Advance& advance) {
  const std::scoped_lock lock{listening_};
  if (listener_) listener_->on_advance(advance);
}

}  // namespace troika
