// Cancels runs that nobody wants the results of any more.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace troika::triton {

class Watched {
 public:
  // Cancels what is under way if nobody wants it. On the watch's thread, between add() and
  // remove().
  virtual void cancel_if_unwanted() noexcept = 0;

 protected:
  ~Watched() = default;

 private:
  friend class Watch;
  Watched *before_ = nullptr, *behind_ = nullptr;  // in the watch's list
};

// The server has to be asked whether a request was cancelled: a thread does so every few
// milliseconds while there is something to ask about. Thread-safe.
class Watch {
 public:
  static constexpr std::chrono::milliseconds interval{5};

  // To be destroyed when all are removed.
  Watch();

  void add(Watched& one) noexcept;
  // No call for it is under way afterwards.
  void remove(Watched& one) noexcept;

 private:
  void look(const std::stop_token& stop);

  std::mutex mutex_;  // protects the two below; held during calls
  std::condition_variable_any changed_;
  bool sleeps_ = false;  // nothing to ask about, until it is told
  Watched* first_ = nullptr;
  std::jthread thread_;  // the last member: ends before the others go
};

}  // namespace troika::triton
