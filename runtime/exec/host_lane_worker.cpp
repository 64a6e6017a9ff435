#include "runtime/exec/host_lane_worker.h"

#include <algorithm>
#include <bit>
#include <thread>
#include <utility>

namespace troika {
namespace {

// A range of no more tasks is not halved again.
constexpr std::uint32_t singles_max = 16;

// The classes above `c`, or all of them for -1.
constexpr std::uint64_t above(int c) noexcept {
  return LaneWordView::classes & ~((std::uint64_t{1} << (c + 1)) - 1);
}

thread_local HostLane* current_lane = nullptr;

// While a chain runs.
class OnLane {
 public:
  explicit OnLane(HostLane* lane) noexcept : outer_{std::exchange(current_lane, lane)} {}
  OnLane(const OnLane&) = delete;
  OnLane& operator=(const OnLane&) = delete;
  ~OnLane() { current_lane = outer_; }

 private:
  HostLane* const outer_;
};

}  // namespace

HostLane* HostLane::of_this_thread() noexcept { return current_lane; }

void LaneWorker::attach(HostLane& lane, unsigned index) noexcept {
  lane_ = &lane;
  index_ = index;
}

void LaneWorker::enter() noexcept {
  // Before anything is published here: who looks for work does not look at slots never used.
  unsigned used = lane_->slots_used_.load(std::memory_order_relaxed);
  while (used <= index_ && !lane_->slots_used_.compare_exchange_weak(used, index_ + 1)) {
  }
  state_ = State::seeking;
  idle_rounds_ = 0;
}

LaneStep LaneWorker::step() noexcept {
  switch (state_) {
    case State::running: return run_chain();
    case State::seeking: return seek();
    case State::sweeping: return sweep();
    case State::looking: return look();
    case State::outside: break;
  }
  return LaneStep::gone;
}

void LaneWorker::run_deferred() noexcept {
  ended_runs_ = false;
  if (state_ == State::running) {
    break_off(*burst_run_, link_);
    close_burst();
    state_ = State::seeking;
  }
  const OnLane here{lane_};
  lane_->pool_.run_deferred(index_);
}

LaneStep LaneWorker::seek() noexcept {
  const LaneWordView seen = lane_->word_.peek();
  if (seen.has(LaneWordView::mail)) return read_mail();
  if (seen.wanted() != 0 && lane_->word_.take_want()) return yield();
  const int own = highest_own();
  const std::uint64_t wanted = seen.bits() & above(own);
  if (wanted == 0) return own >= 0 ? take_own() : idle();
  sweep_classes_ = wanted;
  sweep_left_ = lane_->slots_used() - 1;
  state_ = State::sweeping;
  return LaneStep::sought;
}

LaneStep LaneWorker::sweep() noexcept {
  if (sweep_left_ == 0) {
    sweep_classes_ &= ~std::bit_floor(sweep_classes_);
    sweep_left_ = lane_->slots_used() - 1;
    if (sweep_classes_ == 0 || sweep_left_ == 0) return end_sweep();
  }
  // Where the last theft succeeded there is likely to be more.
  if (sweep_victim_ == index_) next_victim();
  const auto c = static_cast<unsigned>(std::bit_width(sweep_classes_)) - 1;
  LaneItem item;
  Steal outcome;
  do {
    outcome = lane_->workers_[sweep_victim_].steal(c, item);
  } while (outcome == Steal::lost);
  if (outcome == Steal::got) {
    take(item);
    return LaneStep::stole;
  }
  --sweep_left_;
  next_victim();
  return LaneStep::sought;
}

void LaneWorker::next_victim() noexcept {
  sweep_victim_ = sweep_victim_ + 1 < lane_->slots_used() ? sweep_victim_ + 1 : 0;
}

LaneStep LaneWorker::end_sweep() noexcept {
  state_ = State::seeking;
  const int own = highest_own();
  if (own < 0) return idle();
  // Higher classes are announced and not there. Taken off the word, so that chains are no longer
  // interrupted; then looked for again, because who published meanwhile saw them announced.
  const std::uint64_t higher = lane_->word_.peek().bits() & above(own);
  if (higher != 0) {
    lane_->word_.clear(higher);
    if (lane_->has_items(higher)) {
      lane_->word_.set(higher);
      return LaneStep::sought;
    }
  }
  return take_own();
}

LaneStep LaneWorker::run_chain() noexcept {
  const OnLane here{lane_};
  LaneRun& run = *burst_run_;
  const std::uint32_t* const first = run.graph_->first();
  const std::uint32_t* const successors = run.graph_->successors();
  LaneCount<>* const counts = run.counts_.get();
  const LaneBody body = run.body_;
  const std::uint32_t step_tasks = lane_->options_.step_tasks;
  std::uint32_t link = link_;
  std::uint32_t count = 0;  // over since this step began
  for (;;) {
    const std::uint32_t task = LaneLink::task(link);
    bool tainted = false;
    if (run.trouble_.load(std::memory_order_relaxed) != 0 && skip(run, task)) [[unlikely]] {
      tainted = true;
    } else if (const LaneOutcome outcome = body.run(body.state, task, index_);
               outcome != LaneOutcome::done) [[unlikely]] {
      tainted = outcome == LaneOutcome::failed;
      if (outcome == LaneOutcome::later) {
        note(task, std::exchange(count, 0));
        const auto met = meet(run, task);
        if (met == LaneCount<>::Met::first) {
          state_ = State::seeking;
          return LaneStep::ran;
        }
        tainted = met == LaneCount<>::Met::failed;
      }
      if (tainted) run.trouble_.fetch_or(LaneRun::failed, std::memory_order_relaxed);
    }
    ++count;

    std::uint32_t next = LaneLink::none;
    const std::uint32_t begin = first[task], end = first[task + 1];
    if (tainted || end - begin > LaneGraph::narrow_max) [[unlikely]] {
      next = tainted ? release_tainted(run, task) : release(run, task);
    } else {
      for (std::uint32_t i = begin; i != end; ++i) {
        const std::uint32_t successor = successors[i];
        if ((successor & LaneLink::sole) != 0 || counts[LaneLink::task(successor)].arrive()) {
          next = next == LaneLink::none ? successor : put_lower(run, next, successor);
        }
      }
    }
    if (unpublished_ != 0) publish();

    const unsigned c = LaneLink::class_of(link);
    // A task of a lower class than the last one must not pass what lies in our own deques.
    if (lane_->word_.peek().has(LaneWordView::interrupts(c)) ||
        (next != LaneLink::none && LaneLink::class_of(next) < c)) [[unlikely]]
      next = break_off(run, next);
    else if (next == LaneLink::none) next = pop_same(run, c);

    if (next == LaneLink::none || count >= step_tasks) [[unlikely]] {
      note(task, count);
      state_ = next == LaneLink::none ? State::seeking : State::running;
      link_ = next;
      return LaneStep::ran;
    }
    link = next;
  }
}

std::uint32_t LaneWorker::break_off(LaneRun& run, std::uint32_t next) noexcept {
  if (next != LaneLink::none) {
    put(LaneLink::class_of(next), {&run, next, 0});
    publish();
  }
  return LaneLink::none;
}

std::uint32_t LaneWorker::pop_same(LaneRun& run, unsigned c) noexcept {
  LaneItem item;
  if (!deques_[c].pop(item)) return LaneLink::none;
  if (item.run == &run) return first_of(item);
  // Another run's, whose burst begins when this one's has ended.
  put(c, item);
  publish();
  return LaneLink::none;
}

std::uint32_t LaneWorker::first_of(const LaneItem& item) noexcept {
  if (item.end == 0) return item.begin;
  // The first task of the range is ours. Halves of the rest are offered, the largest to thieves,
  // and in the end single tasks: they are published together, which is what costs time.
  const std::uint32_t* const links = item.run->graph_->successors();
  const std::uint32_t link = links[item.begin];
  const unsigned c = LaneLink::class_of(link);
  std::uint32_t end = item.end;
  while (end - item.begin > singles_max) {
    const std::uint32_t middle = item.begin + (end - item.begin) / 2;
    put(c, {item.run, middle, end});
    end = middle;
  }
  while (--end > item.begin) put(c, {item.run, links[end], 0});
  if (unpublished_ != 0) publish();
  return link;
}

LaneStep LaneWorker::look() noexcept {
  // Others may still be on their way to the work that is seen here: then it is no longer ours.
  const bool work = looked_.has(LaneWordView::mail) || lane_->has_items(looked_.bits());
  if (work && lane_->word_.come_back(lane_->word_.peek(), lane_->workers_max_)) {
    enter();
    return LaneStep::resumed;
  }
  state_ = State::outside;
  if (lane_->word_.go()) lane_->closed_.set();
  return LaneStep::gone;
}

LaneStep LaneWorker::read_mail() noexcept {
  close_burst();
  lane_->word_.clear(LaneWordView::mail);
  using Mail = LaneMail<LaneRun>;
  unsigned own = 1;
  for (LaneRun* run = lane_->mailbox_.take(); run != nullptr;) {
    LaneRun* const following = LaneMailbox<LaneRun>::next_of(*run);
    std::uint32_t over = 0;
    for (std::uint32_t link = run->mail_.take(); link != Mail::none;) {
      const std::uint32_t task = link & ~Mail::failed;
      const bool failed = (link & Mail::failed) != 0;
      link = run->counts_[task].take_link();
      if (failed) run->trouble_.fetch_or(LaneRun::failed, std::memory_order_relaxed);
      const std::uint32_t next = failed ? release_tainted(*run, task) : release(*run, task);
      if (next != LaneLink::none) put(LaneLink::class_of(next), {run, next, 0});
      ++over;
    }
    // The first piece is our own: who is present and looks for work needs nobody else for it.
    if (unpublished_ != 0) publish(std::exchange(own, 0));
    settle(*run, over);
    run = following;
  }
  state_ = State::seeking;
  return LaneStep::posted;
}

LaneStep LaneWorker::take_own() noexcept {
  state_ = State::seeking;
  for (unsigned c = lane_classes; c-- > 0;) {
    LaneItem item;
    if (deques_[c].pop(item)) {
      take(item);
      return LaneStep::took;
    }
  }
  return LaneStep::sought;
}

LaneStep LaneWorker::idle() noexcept {
  close_burst();
  // Who is here in another's place, or as a guest, has something else to do.
  const bool stays = index_ < lane_->workers_max_;
  if (stays && idle_rounds_ < lane_->options_.idle_rounds) {
    ++idle_rounds_;
    std::this_thread::yield();
    return LaneStep::sought;
  }
  looked_ = lane_->word_.leave();
  state_ = State::looking;
  return LaneStep::left;
}

LaneStep LaneWorker::yield() noexcept {
  // Still counted present: the new ticket will look for work, in these deques too.
  close_burst();
  state_ = State::outside;
  lane_->pool_.enqueue(*lane_);
  return LaneStep::yielded;
}

void LaneWorker::take(const LaneItem& item) noexcept {
  const std::uint32_t link = first_of(item);
  if (burst_run_ != item.run) {
    close_burst();
    open_burst(*item.run, LaneLink::task(link));
  }
  link_ = link;
  idle_rounds_ = 0;
  state_ = State::running;
}

std::uint32_t LaneWorker::release(LaneRun& run, std::uint32_t task) noexcept {
  const std::uint32_t* i = run.graph_->successors() + run.graph_->first()[task];
  const std::uint32_t* const end = run.graph_->successors() + run.graph_->first()[task + 1];
  if (end - i > LaneGraph::narrow_max) {
    while (i != end && (*i & LaneLink::sole) != 0) {
      const unsigned c = LaneLink::class_of(*i);
      const auto* const stop = std::partition_point(i, end, [c](std::uint32_t link) {
        return (link & LaneLink::sole) != 0 && LaneLink::class_of(link) == c;
      });
      const auto* const all = run.graph_->successors();
      put(c, {&run, static_cast<std::uint32_t>(i - all), static_cast<std::uint32_t>(stop - all)});
      i = stop;
    }
  }
  std::uint32_t next = LaneLink::none;
  for (; i != end; ++i) {
    if ((*i & LaneLink::sole) != 0 || run.counts_[LaneLink::task(*i)].arrive()) {
      next = next == LaneLink::none ? *i : put_lower(run, next, *i);
    }
  }
  return next;
}

std::uint32_t LaneWorker::release_tainted(LaneRun& run, std::uint32_t task) noexcept {
  std::uint32_t next = LaneLink::none;
  for (std::uint32_t i = run.graph_->first()[task]; i != run.graph_->first()[task + 1]; ++i) {
    const std::uint32_t link = run.graph_->successors()[i];
    LaneCount<>& count = run.counts_[LaneLink::task(link)];
    count.taint();
    if ((link & LaneLink::sole) != 0 || count.arrive()) {
      next = next == LaneLink::none ? link : put_lower(run, next, link);
    }
  }
  return next;
}

std::uint32_t LaneWorker::put_lower(LaneRun& run, std::uint32_t a, std::uint32_t b) noexcept {
  if (LaneLink::class_of(a) < LaneLink::class_of(b)) std::swap(a, b);
  put(LaneLink::class_of(b), {&run, b, 0});
  return a;
}

LaneCount<>::Met LaneWorker::meet(LaneRun& run, std::uint32_t task) noexcept {
  // Once the task may be over elsewhere nothing holds the run for us, so the burst ends here.
  ++burst_.count;
  close_burst();
  const auto met = run.counts_[task].meet(false);
  if (met != LaneCount<>::Met::first) open_burst(run, task);
  return met;
}

bool LaneWorker::skip(LaneRun& run, std::uint32_t task) noexcept {
  const bool tainted = run.counts_[task].take_taint();
  const unsigned trouble = run.trouble_.load(std::memory_order_relaxed);
  if (!tainted && (trouble & LaneRun::cancelled) == 0) return false;
  if (run.body_.skipped != nullptr) run.body_.skipped(run.body_.state, task);
  return true;
}

void LaneWorker::publish(unsigned own) noexcept {
  for (std::uint64_t rest = unpublished_classes_; rest != 0; rest &= rest - 1) {
    deques_[static_cast<unsigned>(std::countr_zero(rest))].publish();
  }
  const LaneWordView seen = lane_->word_.announce(unpublished_classes_);
  const unsigned pieces = unpublished_ - own;
  unpublished_classes_ = 0;
  unpublished_ = 0;
  if (seen.present() < lane_->workers_max_) [[unlikely]]
    lane_->invite(seen, pieces);
}

int LaneWorker::highest_own() const noexcept {
  for (int c = lane_classes - 1; c >= 0; --c) {
    if (deques_[c].may_have_items()) return c;
  }
  return -1;
}

bool LaneWorker::has_items(std::uint64_t classes) const noexcept {
  for (unsigned c = 0; c < lane_classes; ++c) {
    if ((classes >> c & 1) != 0 && deques_[c].has_items()) return true;
  }
  return false;
}

void LaneWorker::open_burst(LaneRun& run, std::uint32_t task) noexcept {
  burst_run_ = &run;
  burst_over_ = 0;
  burst_ = {run.body_.state, index_, task, task, 0, Nanos{0}, Nanos{0}};
  const LaneRecorder& recorder = lane_->options_.recorder;
  if (recorder.record != nullptr) burst_.begin = recorder.now(recorder.state);
}

void LaneWorker::note(std::uint32_t task, std::uint32_t count) noexcept {
  burst_.last_task = task;
  burst_.count += count;
  burst_over_ += count;
}

void LaneWorker::close_burst() noexcept {
  if (burst_run_ == nullptr) return;
  const LaneRecorder& recorder = lane_->options_.recorder;
  if (recorder.record != nullptr && burst_.count != 0) {
    burst_.end = recorder.now(recorder.state);
    recorder.record(recorder.state, burst_);
  }
  LaneRun& run = *burst_run_;
  burst_run_ = nullptr;
  settle(run, burst_over_);
}

void LaneWorker::settle(LaneRun& run, std::uint32_t count) noexcept {
  if (count == 0) return;
  if (run.remaining_.fetch_sub(count, std::memory_order_acq_rel) == count) {
    ended_runs_ = true;
    run.body_.over(run.body_.state);
  }
}

}  // namespace troika
