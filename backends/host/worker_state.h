// The rules by which the host's workers take jobs, whoever supplies the threads.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "backends/host/workers.h"

namespace troika::host {

// A *runner* is a ticket that has started or a spare thread that is active. It takes jobs until
// none is queued or as many run as may. A *guest* is somebody else's thread that runs one job,
// which was never queued. So a job that ends hands its place to the next, and this holds under the
// mutex: while a job is queued and fewer than capacity() run, a ticket is pending, or a spare is
// awake, or the watch counts its patience.
class Workers::State final : public std::enable_shared_from_this<State> {
 public:
  State(unsigned workers, const WorkersOptions& options);

  class Sender {
   public:
    // Has State::run_ticket() called once on a thread of the arena. Called under the mutex.
    virtual void send_ticket() = 0;

   protected:
    ~Sender() = default;
  };
  // Waits up to `patience` for all workers to come.
  void start(Sender& sender, Nanos patience);
  // Waits for the jobs. Threads of the arena may still come and go, but find nothing to do.
  void stop();
  void arena_is_gone();
  void run_ticket(unsigned preferred_slot) noexcept;

  unsigned workers() const noexcept { return workers_; }
  // Tickets have the first, then come guests and spares.
  unsigned slots() const noexcept { return 2 * workers_ + spares_max_; }
  void enqueue(Job& job);
  Status lend(bool lost);
  void reclaim() noexcept;
  bool is_worker() const noexcept;
  bool defer(Job& job) noexcept;
  void run_deferred(unsigned slot) noexcept;
  bool join() noexcept;
  void part() noexcept;
  unsigned workers_seen() const noexcept;
  unsigned standing_in() const noexcept;
  // The calling thread, one of the arena's, enters or leaves it; with or without a ticket.
  void enter() noexcept;
  void leave() noexcept;

 private:
  struct Spare {
    std::thread thread;
    bool active = false;  // has taken somebody's place
  };

  // All of these need mutex_.
  unsigned spares_wanted() const noexcept { return lent_ + lost_ + standing_in_; }
  unsigned capacity() const noexcept { return workers_ + lent_ + lost_; }
  bool can_take() const noexcept { return !jobs_.empty() && running_ < capacity(); }
  void call_runner();
  Status engage_spare();
  void stand_in();
  void take_job(std::unique_lock<std::mutex>& lock, unsigned slot) noexcept;
  unsigned take_slot(unsigned preferred) noexcept;
  void run_job(Job& job, unsigned slot) noexcept;

  void run_spare(std::size_t index) noexcept;
  void run_watch() noexcept;

  const unsigned workers_;
  const unsigned spares_max_;
  const Nanos watch_patience_;

  // Orders what the sender of a ticket did before what its runner does, to be seen by race
  // detectors too: they cannot look into oneTBB.
  std::atomic<bool> ticket_sent_{false};

  mutable std::mutex mutex_;     // protects all below
  std::shared_ptr<State> self_;  // while tickets_ > 0: oneTBB holds a plain pointer
  Sender* sender_ = nullptr;
  std::deque<Job*> jobs_;    // queued, first in first out
  std::uint64_t taken_ = 0;  // jobs ever begun
  unsigned running_ = 0;     // jobs inside run()

  unsigned threads_inside_ = 0;  // of the arena

  unsigned tickets_ = 0;  // pending or running; at most workers_
  unsigned tickets_running_ = 0;
  unsigned tickets_running_max_ = 0;
  std::vector<bool> slot_taken_;  // by running tickets
  bool mustering_ = false;        // tickets stay until all have come
  std::vector<bool> guest_taken_;

  unsigned lent_ = 0;         // workers that block
  unsigned lost_ = 0;         // workers that will not come back
  unsigned standing_in_ = 0;  // workers that never came; at most workers_
  std::vector<Spare> spares_;
  unsigned spares_active_ = 0;
  unsigned spares_waiting_ = 0;

  bool watch_asleep_ = false;
  bool stopping_ = false;
  std::condition_variable mustered_;
  std::condition_variable spare_wake_;
  std::condition_variable watch_wake_;
  std::condition_variable job_done_;
  std::condition_variable thread_left_;
  std::thread watch_;
};

}  // namespace troika::host
