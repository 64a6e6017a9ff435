#include "runtime/base/strand.h"

#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace troika {
namespace {

struct Counter {
  void pass() noexcept {
    inside += 1;
    if (inside.load() != 1) overlapped = true;
    seen = pushed.load();
    passes += 1;
    inside -= 1;
  }
  std::atomic<int> pushed{0};
  std::atomic<int> inside{0};
  std::atomic<bool> overlapped{false};
  std::atomic<int> seen{0};
  int passes = 0;
};

TEST(Strand, runs_alone_and_a_pass_follows_every_push) {
  Counter body;
  Strand<Counter> strand{body};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 20'000; ++i) {
        body.pushed += 1;
        strand.notify();
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_FALSE(body.overlapped);
  EXPECT_EQ(body.seen, 80'000);
}

TEST(Strand, a_submitter_runs_one_pass_and_leaves_the_rest) {
  struct Body {
    void pass() noexcept {
      passes += 1;
      if (passes == 1) again->notify();  // what arrives meanwhile
    }
    Strand<Body>* again = nullptr;
    int passes = 0;
  } body;
  Strand<Body> strand{body};
  body.again = &strand;
  EXPECT_TRUE(strand.notify_once());
  EXPECT_EQ(body.passes, 1);
  strand.notify();  // taken: nobody runs it here
  EXPECT_EQ(body.passes, 1);
  strand.resume();
  EXPECT_EQ(body.passes, 2);
}

TEST(Strand, what_is_notified_during_a_pass_is_owed_another_one) {
  struct Body {
    void pass() noexcept {
      passes += 1;
      if (passes <= 2) again->notify();
    }
    Strand<Body>* again = nullptr;
    int passes = 0;
  } body;
  Strand<Body> strand{body};
  body.again = &strand;
  strand.notify();
  EXPECT_EQ(body.passes, 3);
}

}  // namespace
}  // namespace troika
