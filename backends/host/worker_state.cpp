#include "backends/host/worker_state.h"

#include <algorithm>
#include <cassert>
#include <string>
#include <system_error>
#include <utility>

#include "runtime/base/signals.h"

namespace troika::host {
namespace {

// How long the end of a pool waits for idle threads of oneTBB's to leave its arena.
constexpr auto leave_patience = std::chrono::seconds{1};

thread_local const void* pool_of_thread = nullptr;
thread_local unsigned lent_by_thread = 0;
thread_local Job* job_of_thread = nullptr;
thread_local std::vector<Job*> deferred_by_thread;

// What the calling thread is to a pool that it has joined.
struct GuestPlace {
  const void* pool = nullptr;
  unsigned slot = 0;
  Job* kept = nullptr;
};
thread_local GuestPlace guest_place;

}  // namespace

Workers::State::State(unsigned workers, const WorkersOptions& options)
    : workers_{workers},
      spares_max_{options.spares_max},
      watch_patience_{options.watch_patience},
      slot_taken_(workers, false),
      guest_taken_(workers, false) {
  spares_.reserve(spares_max_);
}

void Workers::State::start(Sender& sender, Nanos patience) {
  const SignalsBlocked blocked;  // for the threads that this starts
  std::unique_lock lock{mutex_};
  sender_ = &sender;
  mustering_ = true;
  for (unsigned i = 0; i < workers_; ++i) call_runner();
  mustered_.wait_for(lock, patience, [this] { return tickets_running_max_ == workers_; });
  mustering_ = false;
  mustered_.notify_all();
  for (unsigned came = tickets_running_max_; came < workers_; ++came) stand_in();
  watch_ = std::thread{[this] { run_watch(); }};
}

void Workers::State::stop() {
  std::vector<std::thread> finished;
  {
    std::unique_lock lock{mutex_};
    job_done_.wait(lock, [this] { return jobs_.empty() && running_ <= lost_; });
    // Idle threads leave by themselves. An arena that is destroyed under them loses what it keeps
    // for each; a lost job leaves no choice.
    if (lost_ == 0)
      thread_left_.wait_for(lock, leave_patience, [this] { return threads_inside_ == 0; });
    stopping_ = true;
    spare_wake_.notify_all();
    watch_wake_.notify_all();
    finished.push_back(std::move(watch_));
    for (Spare& spare : spares_) {
      if (spare.active) {
        spare.thread.detach();  // inside a lost job
      } else {
        finished.push_back(std::move(spare.thread));
      }
    }
  }
  for (auto& thread : finished) thread.join();
}

void Workers::State::arena_is_gone() {
  const std::scoped_lock lock{mutex_};
  sender_ = nullptr;
}

void Workers::State::enqueue(Job& job) {
  if (guest_place.pool == this && guest_place.kept == nullptr) {
    guest_place.kept = &job;
    return;
  }
  const std::scoped_lock lock{mutex_};
  jobs_.push_back(&job);
  call_runner();
  if (watch_asleep_) {
    watch_asleep_ = false;
    watch_wake_.notify_one();
  }
}

Status Workers::State::lend(bool lost) {
  assert((lost || is_worker()) && "only a worker has a place to lend");
  std::unique_lock lock{mutex_};
  if (spares_wanted() >= spares_max_)
    return {Code::exhausted, "lend: all " + std::to_string(spares_max_) +
                                 " spare threads stand in for other workers"};
  unsigned& count = lost ? lost_ : lent_;
  ++count;
  if (Status engaged = engage_spare(); !engaged.ok()) {
    --count;
    return engaged.within("lend");
  }
  if (lost) return {};
  ++lent_by_thread;
  lock.unlock();
  if (job_of_thread != nullptr) job_of_thread->on_lend();
  return {};
}

void Workers::State::reclaim() noexcept {
  const std::scoped_lock lock{mutex_};
  if (lent_by_thread > 0) {
    --lent_by_thread;
    --lent_;
  } else {
    assert(lost_ > 0 && "reclaim() without lend()");
    --lost_;
  }
}

bool Workers::State::is_worker() const noexcept { return pool_of_thread == this; }

bool Workers::State::defer(Job& job) noexcept {
  if (pool_of_thread != this || job_of_thread == nullptr || !job_of_thread->takes_deferred())
    return false;
  deferred_by_thread.push_back(&job);
  return true;
}

void Workers::State::run_deferred(unsigned slot) noexcept {
  while (!deferred_by_thread.empty()) {
    // Those that it defers itself come behind it.
    const std::vector<Job*> jobs = std::exchange(deferred_by_thread, {});
    for (Job* const job : jobs) {
      Job* const outer = std::exchange(job_of_thread, job);
      job->run(slot);
      job_of_thread = outer;
    }
  }
}

bool Workers::State::join() noexcept {
  if (guest_place.pool != nullptr || pool_of_thread != nullptr) return false;
  const std::scoped_lock lock{mutex_};
  // Who was here before goes first.
  if (!jobs_.empty() || running_ >= capacity()) return false;
  const auto place = std::find(guest_taken_.begin(), guest_taken_.end(), false);
  if (place == guest_taken_.end()) return false;
  *place = true;
  ++running_;
  guest_place = {this, workers_ + static_cast<unsigned>(place - guest_taken_.begin()), nullptr};
  return true;
}

void Workers::State::part() noexcept {
  const GuestPlace place = std::exchange(guest_place, {});
  if (place.kept != nullptr) {
    pool_of_thread = this;
    run_job(*place.kept, place.slot);
    pool_of_thread = nullptr;
  }
  const std::scoped_lock lock{mutex_};
  guest_taken_[place.slot - workers_] = false;
  --running_;
  if (running_ <= lost_) job_done_.notify_all();
  // Its place was the last one, and what was queued meanwhile found no runner to wait for.
  if (can_take()) call_runner();
}

void Workers::State::enter() noexcept {
  static_cast<void>(ticket_sent_.load(std::memory_order_acquire));
  pool_of_thread = this;
  const std::scoped_lock lock{mutex_};
  ++threads_inside_;
}

void Workers::State::leave() noexcept {
  pool_of_thread = nullptr;
  const std::scoped_lock lock{mutex_};
  --threads_inside_;
  thread_left_.notify_all();
}

unsigned Workers::State::workers_seen() const noexcept {
  const std::scoped_lock lock{mutex_};
  return tickets_running_max_;
}

unsigned Workers::State::standing_in() const noexcept {
  const std::scoped_lock lock{mutex_};
  return standing_in_;
}

// A ticket while there is room for one, and a spare where tickets may go unheeded. With neither, a
// runner is on its way or will take the job when it has finished another.
void Workers::State::call_runner() {
  const bool sends = tickets_ < workers_ && !stopping_;
  if (sends) {
    ++tickets_;
    self_ = shared_from_this();
    ticket_sent_.store(true, std::memory_order_release);
    sender_->send_ticket();
  }
  if ((!sends || standing_in_ > 0) && spares_waiting_ > 0) spare_wake_.notify_one();
}

// Gets one more spare to work; spares_wanted() has been raised already.
Status Workers::State::engage_spare() {
  if (spares_.size() >= spares_wanted()) {
    spare_wake_.notify_one();
    return {};
  }
  const SignalsBlocked blocked;
  const std::size_t index = spares_.size();
  try {
    spares_.push_back(
        {std::thread{[state = shared_from_this(), index] { state->run_spare(index); }}});
  } catch (const std::system_error& error) {
    return {Code::exhausted, std::string{"start of a spare thread: "} + error.what()};
  }
  return {};
}

void Workers::State::stand_in() {
  if (spares_wanted() >= spares_max_) return;
  ++standing_in_;
  // Without the thread the workers that did come serve alone, and the watch tries again.
  if (!engage_spare().ok()) --standing_in_;
}

void Workers::State::take_job(std::unique_lock<std::mutex>& lock, unsigned slot) noexcept {
  Job& job = *jobs_.front();
  jobs_.pop_front();
  ++running_;
  ++taken_;
  lock.unlock();
  run_job(job, slot);
  lock.lock();
  --running_;
  if (running_ <= lost_) job_done_.notify_all();
}

void Workers::State::run_job(Job& job, unsigned slot) noexcept {
  Job* const outer = std::exchange(job_of_thread, &job);
  job.run(slot);
  run_deferred(slot);
  job_of_thread = outer;
  assert(lent_by_thread == 0 && "a job lent its place and did not reclaim it");
}

// The arena numbers its threads, but not within workers() where that is one.
unsigned Workers::State::take_slot(unsigned preferred) noexcept {
  if (preferred >= workers_ || slot_taken_[preferred])
    preferred = static_cast<unsigned>(std::find(slot_taken_.begin(), slot_taken_.end(), false) -
                                      slot_taken_.begin());
  slot_taken_[preferred] = true;
  return preferred;
}

void Workers::State::run_ticket(unsigned preferred_slot) noexcept {
  static_cast<void>(ticket_sent_.load(std::memory_order_acquire));
  std::shared_ptr<State> last_hold;  // released after the lock
  std::unique_lock lock{mutex_};
  ++tickets_running_;
  tickets_running_max_ = std::max(tickets_running_max_, tickets_running_);
  if (mustering_) {
    if (tickets_running_ == workers_) mustered_.notify_all();
    mustered_.wait(lock, [this] { return !mustering_; });
  }
  const unsigned slot = take_slot(preferred_slot);
  while (can_take()) take_job(lock, slot);
  slot_taken_[slot] = false;
  --tickets_running_;
  if (--tickets_ == 0) last_hold = std::move(self_);
}

void Workers::State::run_spare(std::size_t index) noexcept {
  pool_of_thread = this;
  std::unique_lock lock{mutex_};
  while (true) {
    ++spares_waiting_;
    spare_wake_.wait(
        lock, [this] { return stopping_ || (can_take() && spares_active_ < spares_wanted()); });
    --spares_waiting_;
    if (stopping_) return;
    spares_[index].active = true;
    ++spares_active_;
    while (can_take() && spares_active_ <= spares_wanted())
      take_job(lock, 2 * workers_ + static_cast<unsigned>(index));
    --spares_active_;
    spares_[index].active = false;
    if (stopping_) return;  // a lost job that came back
    // It leaves because a worker is back, which may have no ticket any more.
    if (can_take()) call_runner();
  }
}

// Progress does not depend on the arena's threads: where tickets go unheeded, spares stand in.
void Workers::State::run_watch() noexcept {
  std::unique_lock lock{mutex_};
  while (!stopping_) {
    const std::uint64_t taken_before = taken_;
    watch_wake_.wait_for(lock, watch_patience_, [this] { return stopping_; });
    if (taken_ != taken_before) continue;
    if (jobs_.empty()) {
      // A quiet period has passed; until the next job nobody needs watching.
      watch_asleep_ = true;
      watch_wake_.wait(lock, [this] { return stopping_ || !watch_asleep_; });
    } else if (can_take()) {
      if (standing_in_ < workers_) stand_in();
      spare_wake_.notify_all();
    }
  }
}

}  // namespace troika::host
