// Threads of Troika's own leave signals to the program's threads.
#pragma once

#include <csignal>

namespace troika {

// While it lives the calling thread has every signal blocked but those that a fault raises on the
// thread itself; threads that it starts meanwhile inherit that for life.
class SignalsBlocked {
 public:
  SignalsBlocked() noexcept { pthread_sigmask(SIG_BLOCK, &asynchronous(), &before_); }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

  static const sigset_t& asynchronous() noexcept {
    static const sigset_t set = [] {
      sigset_t all;
      sigfillset(&all);
      for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT})
        sigdelset(&all, fault);
      return all;
    }();
    return set;
  }

 private:
  sigset_t before_{};
};

}  // namespace troika
