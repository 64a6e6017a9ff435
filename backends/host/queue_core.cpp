#include "backends/host/queue_core.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace troika::host {
namespace {

std::byte* row_of(const Span2D& span, std::size_t row) noexcept {
  return span.in->host() + span.offset + row * span.pitch;
}

void copy(const Span2D& from, const Span2D& to) noexcept {
  for (std::size_t row = 0; row < to.rows; ++row)
    std::memmove(row_of(to, row), row_of(from, row), to.row_bytes);
}

void fill(const Span2D& to, const Scalar& value) noexcept {
  if (to.row_bytes == 0) return;
  const std::size_t size = size_of(value.type);
  for (std::size_t row = 0; row < to.rows; ++row) {
    std::byte* bytes = row_of(to, row);
    std::memcpy(bytes, value.bytes.data(), size);
    for (std::size_t done = size; done < to.row_bytes; done += std::min(done, to.row_bytes - done))
      std::memcpy(bytes + done, bytes, std::min(done, to.row_bytes - done));
  }
}

Status perform(const Operation& operation) noexcept {
  switch (operation.kind) {
    case Operation::Kind::copy: copy(operation.from, operation.to); break;
    case Operation::Kind::fill: fill(operation.to, operation.scalar); break;
    case Operation::Kind::launch:
      return call_user(operation.function->operation, operation.function->function,
                       HostCall{operation.args, operation.context});
    case Operation::Kind::wait: break;
  }
  return {};
}

}  // namespace

void Operation::release() noexcept {
  function.reset();
  args.clear();
  other.reset();
}

QueueCore::QueueCore(QueueId id, Environment& environment, WorkerPool& workers,
                     QueueListener& listener)
    : id_{id},
      environment_{&environment},
      workers_{&workers},
      listener_{&listener},
      ring_(operations_max) {}

Status QueueCore::flush() {
  const std::scoped_lock lock{mutex_};
  if (abandoned_) return given_up();
  if (state_ == State::idle && count_ > 0) schedule();
  return {};
}

std::uint64_t QueueCore::abandon() noexcept {
  std::vector<Watcher> watchers;
  std::uint64_t begun = 0;
  {
    std::unique_lock lock{mutex_};
    begun = begun_;
    if (abandoned_) return begun;
    abandoned_ = true;
    // The operation that executes keeps what it uses; the others never begin.
    const std::size_t kept = executing_ ? 1 : 0;
    for (; count_ > kept; --count_) ring_[(first_ + count_ - 1) % operations_max].release();
    // Without a spare left the pool has one worker fewer, and nothing to reclaim.
    if (executing_) lent_ = workers_->lend(true).ok();
    watchers.swap(watchers_);
    let_report_end(lock);
  }
  for (const Watcher& watcher : watchers) watcher.core->resume();  // to find that it waits in vain
  return begun;
}

void QueueCore::orphan() noexcept {
  abandon();
  std::unique_lock lock{mutex_};
  let_report_end(lock);
  environment_ = nullptr;
  workers_ = nullptr;
  listener_ = nullptr;
}

void QueueCore::run(unsigned) noexcept {
  std::shared_ptr<QueueCore> self;  // released after the lock
  std::unique_lock lock{mutex_};
  self = std::move(self_);
  for (unsigned done = 0; count_ > 0 && !abandoned_;) {
    if (first().kind == Operation::Kind::wait) {
      if (!pass_wait(lock)) return;  // whoever resumes it may be running it already
    } else if (done++ < operations_per_turn) {
      execute(lock);
    } else {
      schedule();
      return;
    }
  }
  state_ = State::idle;
}

// Nobody behind it is to wait for what it waits for.
void QueueCore::on_lend() noexcept {
  std::vector<Watcher> watchers;
  Blocked blocked;
  {
    const std::scoped_lock lock{mutex_};
    if (!executing_ || abandoned_) return;
    blocked_ = true;
    taken_back_ = last_value_;
    blocked = {{id_, begun_}, last_value_};
    for (; count_ > 1; --count_) ring_[(first_ + count_ - 1) % operations_max].release();
    const auto is_left = [&](const Watcher& w) { return w.value <= begun_; };
    const auto first_gone = std::partition(watchers_.begin(), watchers_.end(), is_left);
    watchers.assign(std::make_move_iterator(first_gone), std::make_move_iterator(watchers_.end()));
    watchers_.erase(first_gone, watchers_.end());
    reporting_ = std::this_thread::get_id();
  }
  for (const Watcher& watcher : watchers) watcher.core->resume();
  listener_->on_blocked(blocked);
  const std::scoped_lock lock{mutex_};
  reporting_ = {};
  reported_.notify_all();
}

QueueCore::Outlook QueueCore::watch(std::uint64_t value, std::shared_ptr<QueueCore> watcher) {
  const std::scoped_lock lock{mutex_};
  if (reached() >= value || (blocked_ && value > begun_)) return Outlook::reached;
  if (abandoned_) return Outlook::never;
  watchers_.push_back({value, std::move(watcher)});
  return Outlook::later;
}

void QueueCore::resume() noexcept {
  const std::scoped_lock lock{mutex_};
  if (state_ == State::waiting && !abandoned_) schedule();
}

void QueueCore::schedule() {
  state_ = State::scheduled;
  self_ = shared_from_this();
  workers_->enqueue(*this);
}

// False: it waits, and the caller must not touch it any more.
bool QueueCore::pass_wait(std::unique_lock<std::mutex>& lock) {
  const std::shared_ptr<QueueCore> other = first().other;
  const std::uint64_t value = first().other_value;
  state_ = State::waiting;  // before the other can resume it
  lock.unlock();
  const Outlook outlook = other->watch(value, shared_from_this());
  if (outlook == Outlook::later) return false;
  lock.lock();
  state_ = State::scheduled;
  if (abandoned_) return true;
  if (outlook == Outlook::never)
    failed_wait_ = {Code::device_lost,
                    "queue " + std::to_string(id_.value) + ": it waited for queue " +
                        std::to_string(other->id().value) + ", which was given up"};
  pop();
  return true;
}

void QueueCore::execute(std::unique_lock<std::mutex>& lock) noexcept {
  const Operation& operation = first();
  const bool launches = operation.kind == Operation::Kind::launch;
  Status status = std::exchange(failed_wait_, {});
  Interval interval{operation.value, environment_->now(), Nanos{0}};
  executing_ = true;
  begun_ = operation.value;  // under the lock that abandon() takes: it comes before or after
  lock.unlock();
  if (status.ok()) status = perform(operation);
  lock.lock();
  executing_ = blocked_ = false;
  if (abandoned_) {
    // Back after all. If the queue is destroyed, the pool may be too.
    if (lent_ && workers_) workers_->reclaim();
    pop();
    return;
  }
  interval.end = environment_->now();
  pop();
  reached_.store(std::max(interval.value, taken_back_), std::memory_order_release);
  Advance advance;
  advance.reached = {id_, interval.value};
  advance.status = std::move(status);
  if (launches) advance.measured = {&interval, 1};
  report(lock, advance);
}

void QueueCore::report(std::unique_lock<std::mutex>& lock, const Advance& advance) noexcept {
  std::vector<Watcher> due;
  const auto is_later = [&](const Watcher& w) { return w.value > advance.reached.value; };
  const auto first_due = std::partition(watchers_.begin(), watchers_.end(), is_later);
  due.assign(std::make_move_iterator(first_due), std::make_move_iterator(watchers_.end()));
  watchers_.erase(first_due, watchers_.end());
  reporting_ = std::this_thread::get_id();
  QueueListener& listener = *listener_;
  lock.unlock();
  for (const Watcher& watcher : due) watcher.core->resume();
  listener.on_advance(advance);
  lock.lock();
  reporting_ = {};
  reported_.notify_all();
}

// The listener itself may give the queue up.
void QueueCore::let_report_end(std::unique_lock<std::mutex>& lock) {
  if (reporting_ == std::this_thread::get_id()) return;
  reported_.wait(lock, [this] { return reporting_ == std::thread::id{}; });
}

void QueueCore::pop() noexcept {
  first().release();
  first_ = (first_ + 1) % operations_max;
  --count_;
}

Status QueueCore::given_up() const {
  return {Code::device_lost, "queue " + std::to_string(id_.value) + " was given up"};
}

}  // namespace troika::host
