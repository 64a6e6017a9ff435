// A serial function with one body: whoever notifies it while it is idle runs it, and it is never
// run by two threads at once.
#pragma once

#include <atomic>
#include <cstdint>

namespace troika {

// Body: `void pass() noexcept`, which looks at everything that was pushed before it began.
template <class Body>
class Strand {
 public:
  explicit Strand(Body& body) noexcept : body_{body} {}
  Strand(const Strand&) = delete;
  Strand& operator=(const Strand&) = delete;

  // Any thread. A pass that begins after this call follows or has begun on return; runs passes on
  // the calling thread until none is owed.
  void notify() noexcept {
    if (owed_.fetch_add(1, std::memory_order_acq_rel) == 0) drain();
  }

  // Any thread. As notify(), but runs at most one pass: true when another is still owed, and then
  // the strand stays taken until resume() is called from some other thread.
  [[nodiscard]] bool notify_once() noexcept {
    if (owed_.fetch_add(1, std::memory_order_acq_rel) != 0) return false;
    const std::uint64_t seen = owed_.load(std::memory_order_acquire);
    body_.pass();
    return owed_.fetch_sub(seen, std::memory_order_acq_rel) != seen;
  }

  // Takes over what notify_once() left. Exactly one call for each `true`.
  void resume() noexcept { drain(); }

 private:
  void drain() noexcept {
    std::uint64_t seen = owed_.load(std::memory_order_acquire);
    do {
      body_.pass();
      // What was notified while the pass ran is owed another one.
      const std::uint64_t before = owed_.fetch_sub(seen, std::memory_order_acq_rel);
      seen = before - seen;
    } while (seen != 0);
  }

  Body& body_;
  std::atomic<std::uint64_t> owed_{0};  // notifications not yet covered by a finished pass
};

}  // namespace troika
