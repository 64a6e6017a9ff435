#include "runtime/exec/service_thread.h"

#include <atomic>
#include <csignal>
#include <ctime>
#include <functional>
#include <vector>

#include <gtest/gtest.h>

namespace troika {
namespace {

using namespace std::chrono_literals;

class Recorder final : public Service {
 public:
  explicit Recorder(std::function<void()> body) : body_{std::move(body)} {}
  void serve() noexcept override { body_(); }

 private:
  std::function<void()> body_;
};

TEST(ServiceThread, serves_on_a_thread_of_its_own_after_call_soon) {
  ServiceThread environment;
  Event served;
  std::thread::id who;
  Recorder service{[&] {
    who = std::this_thread::get_id();
    served.set();
  }};
  environment.attach(service);
  environment.call_soon();
  EXPECT_TRUE(environment.wait(served, forever));
  environment.detach();
  EXPECT_NE(who, std::this_thread::get_id());
}

TEST(ServiceThread, a_request_made_before_the_service_is_attached_is_kept) {
  ServiceThread environment;
  Event served;
  Recorder service{[&] { served.set(); }};
  environment.call_soon();
  environment.attach(service);
  EXPECT_TRUE(environment.wait(served, forever));
}

TEST(ServiceThread, serves_no_earlier_than_asked_and_the_earliest_request_counts) {
  ServiceThread environment;
  Event served;
  Nanos at{0};
  Recorder service{[&] {
    at = environment.now();
    served.set();
  }};
  environment.attach(service);
  const Nanos when = environment.now() + 5ms;
  environment.call_at(environment.now() + 1h);
  environment.call_at(when);
  environment.call_at(environment.now() + 2h);
  EXPECT_TRUE(environment.wait(served, forever));
  environment.detach();
  EXPECT_GE(at, when);
}

TEST(ServiceThread, each_serve_forgets_earlier_requests) {
  ServiceThread environment;
  std::atomic<int> calls{0};
  Event first;
  Event late;
  Recorder service{[&] {
    if (calls.fetch_add(1) == 0) {
      first.set();
    } else {
      late.set();
    }
  }};
  environment.call_at(20ms);
  environment.call_soon();
  environment.attach(service);
  EXPECT_TRUE(environment.wait(first, forever));
  EXPECT_FALSE(environment.wait(late, environment.now() + 40ms));
  EXPECT_EQ(calls, 1);
}

TEST(ServiceThread, a_request_made_while_serving_is_served_again) {
  ServiceThread environment;
  int calls = 0;
  Event done;
  Recorder service{[&] {
    if (++calls < 1000) {
      environment.call_soon();
    } else {
      done.set();
    }
  }};
  environment.attach(service);
  environment.call_soon();
  EXPECT_TRUE(environment.wait(done, forever));
}

TEST(ServiceThread, no_request_of_many_threads_goes_unserved) {
  ServiceThread environment;
  std::atomic<int> asked{0};
  std::atomic<int> seen{0};
  Recorder service{[&] {
    seen = asked.load();
    seen.notify_all();
  }};
  environment.attach(service);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 5'000; ++i) {
        const int mine = asked.fetch_add(1) + 1;
        environment.call_soon();
        for (int now = seen.load(); now < mine; now = seen.load()) seen.wait(now);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  environment.detach();
  EXPECT_EQ(seen, 20'000);
}

TEST(ServiceThread, nothing_is_served_after_detach) {
  ServiceThread environment;
  std::atomic<int> calls{0};
  Recorder service{[&] { calls += 1; }};
  environment.attach(service);
  environment.call_soon();
  environment.detach();
  const int before = calls;
  environment.call_soon();
  environment.call_at(Nanos::zero());
  EXPECT_EQ(calls, before);
}

TEST(ServiceThread, a_wait_ends_at_its_deadline_without_the_event) {
  ServiceThread environment;
  Event never;
  EXPECT_FALSE(environment.wait(never, environment.now() + 1ms));
  EXPECT_FALSE(environment.wait(never, Nanos::zero()));
  never.set();
  EXPECT_TRUE(environment.wait(never, forever - 1ns));
}

TEST(ServiceThread, leaves_signals_to_the_threads_of_the_program) {
  ServiceThread environment;
  Event served;
  sigset_t mask;
  Recorder service{[&] {
    pthread_sigmask(SIG_BLOCK, nullptr, &mask);
    served.set();
  }};
  environment.attach(service);
  environment.call_soon();
  EXPECT_TRUE(environment.wait(served, forever));
  for (const int signal : {SIGINT, SIGTERM, SIGPROF, SIGUSR1, SIGALRM, SIGCHLD})
    EXPECT_EQ(sigismember(&mask, signal), 1) << signal;
  EXPECT_EQ(sigismember(&mask, SIGSEGV), 0);
}

}  // namespace
}  // namespace troika
