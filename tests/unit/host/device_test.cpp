// What is special to the host; the conformance suite proves the rest.
#include <atomic>
#include <latch>
#include <stdexcept>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "backends/host/host.h"
#include "backends/host/workers.h"
#include "runtime/exec/service_thread.h"

namespace troika::host {
namespace {

// Keeps the last report; `each` runs inside the report.
class Listener final : public QueueListener {
 public:
  explicit Listener(std::uint64_t awaited, std::function<void()> each = {})
      : awaited_{awaited}, each_{std::move(each)} {}

  void on_advance(const Advance& advance) noexcept override {
    if (each_) each_();
    statuses.push_back(advance.status);
    if (advance.reached.value == awaited_) done.set();
  }
  void on_blocked(const Blocked& told) noexcept override {
    blocked = told;
    if (each_blocked) each_blocked();
  }
  std::vector<Status> statuses;
  Blocked blocked;
  std::function<void()> each_blocked;  // inside on_blocked
  Event done;

 private:
  const std::uint64_t awaited_;
  std::function<void()> each_;
};

class HostDevice : public testing::Test {
 protected:
  static WorkersOptions two_workers() {
    WorkersOptions options;
    options.workers = 2;
    options.spares_max = 2;
    return options;
  }

  static KernelImage image(void (*call)(const void*, const HostCall&),
                           std::shared_ptr<const void> state) {
    KernelImage image;
    image.operation = "probe";
    image.function = {call, std::move(state)};
    return image;
  }
  std::unique_ptr<troika::LoadedKernel> load(void (*call)(const void*, const HostCall&),
                                             std::shared_ptr<const void> state = nullptr) {
    return *device.load(image(call, std::move(state)));
  }
  std::unique_ptr<troika::Queue> queue(unsigned id, QueueListener& listener) {
    return *device.create_queue(QueueId{id}, QueueUse::compute, id % 2, listener);
  }
  static LaunchOp launch(const std::unique_ptr<troika::LoadedKernel>& kernel) {
    LaunchOp op;
    op.kernel = kernel.get();
    return op;
  }

  ServiceThread environment;
  Workers workers{two_workers()};
  Device device{environment, workers};
};

TEST_F(HostDevice, has_a_lane_for_each_worker_and_names_its_cores) {
  EXPECT_EQ(device.info().lanes, 2U);
  EXPECT_FALSE(device.info().cores.empty());
  EXPECT_EQ(device.info().dialects, std::vector<Dialect>{Dialect::host});
}

TEST_F(HostDevice, opens_only_with_an_environment_and_workers) {
  EXPECT_EQ(host_backend.open_all({}).status().code(), Code::invalid_argument);
}

TEST_F(HostDevice, reports_on_a_worker) {
  bool on_worker = false;
  Listener listener{1, [&] { on_worker = workers.is_worker(); }};
  const auto kernel = load([](const void*, const HostCall&) {});
  const auto lane = queue(0, listener);
  ASSERT_TRUE(lane->launch(launch(kernel)).ok());
  ASSERT_TRUE(lane->flush().ok());
  listener.done.wait();
  lane->abandon();
  EXPECT_TRUE(on_worker);
}

// The race detector tells when it does not.
TEST_F(HostDevice, who_sees_a_point_reached_sees_what_the_kernel_wrote) {
  for (int round = 0; round < 20; ++round) {
    const auto written = std::make_shared<int>(0);
    const auto kernel =
        load([](const void* state,
                const HostCall&) { *const_cast<int*>(static_cast<const int*>(state)) = 1; },
             written);
    Listener listener{1};
    const auto lane = queue(0, listener);
    ASSERT_TRUE(lane->launch(launch(kernel)).ok());
    ASSERT_TRUE(lane->flush().ok());
    while (lane->reached().value < 1) std::this_thread::yield();
    EXPECT_EQ(*written, 1);
    listener.done.wait();
    lane->abandon();
  }
}

TEST_F(HostDevice, a_kernel_that_lends_its_place_takes_back_what_is_queued_behind_it) {
  struct Lending {
    Workers* workers = nullptr;
    std::latch *lent = nullptr, *may_return = nullptr;
    mutable std::atomic<int> ran{0};
  };
  std::latch queued{1}, lent{1}, may_return{1};
  const auto state = std::make_shared<Lending>();
  state->workers = &workers;
  state->lent = &lent;
  state->may_return = &may_return;
  const auto waits = load(
      [](const void* latch, const HostCall&) {
        const_cast<std::latch*>(static_cast<const std::latch*>(latch))->wait();
      },
      {std::shared_ptr<void>{}, &queued});
  const auto lends = load(
      [](const void* it, const HostCall&) {
        const auto& lending = *static_cast<const Lending*>(it);
        ASSERT_TRUE(lending.workers->lend(false).ok());
        lending.lent->count_down();
        lending.may_return->wait();
        lending.workers->reclaim();
      },
      state);
  const auto counts = load(
      [](const void* it, const HostCall&) { static_cast<const Lending*>(it)->ran += 1; }, state);
  Listener listener{5}, other_listener{1};
  const auto lane = queue(0, listener), other = queue(1, other_listener);
  ASSERT_TRUE(lane->launch(launch(waits)).ok());
  ASSERT_TRUE(lane->launch(launch(lends)).ok());
  Timepoint last;
  for (int i = 0; i < 2; ++i) last = *lane->launch(launch(counts));
  ASSERT_TRUE(lane->flush().ok());
  ASSERT_TRUE(other->wait_for(last).ok());
  ASSERT_TRUE(other->launch(launch(counts)).ok());
  ASSERT_TRUE(other->flush().ok());
  queued.count_down();
  lent.wait();

  EXPECT_EQ(listener.blocked.at, (Timepoint{QueueId{0}, 2}));
  EXPECT_EQ(listener.blocked.last, 4U);
  EXPECT_EQ(lane->launch(launch(counts)).status().code(), Code::exhausted);
  other_listener.done.wait();  // nobody waits for what was taken back
  EXPECT_EQ(state->ran, 1);
  may_return.count_down();
  while (lane->reached().value < 2) std::this_thread::yield();
  EXPECT_GE(lane->reached().value, 4U);
  EXPECT_EQ(lane->launch(launch(counts))->value, 5U);
  ASSERT_TRUE(lane->flush().ok());
  listener.done.wait();
  EXPECT_EQ(state->ran, 2);
  lane->abandon();
  other->abandon();
}

TEST_F(HostDevice, whatever_a_kernel_throws_fails_its_launch_alone) {
  Listener listener{3};
  const auto with_message =
      load([](const void*, const HostCall&) { throw std::runtime_error{"no such pixel"}; });
  const auto without = load([](const void*, const HostCall&) { throw 42; });
  const auto harmless = load([](const void*, const HostCall&) {});
  const auto lane = queue(0, listener);
  for (const auto* kernel : {&with_message, &without, &harmless})
    ASSERT_TRUE(lane->launch(launch(*kernel)).ok());
  ASSERT_TRUE(lane->flush().ok());
  listener.done.wait();
  lane->abandon();
  EXPECT_EQ(listener.statuses.at(0).to_string(), "kernel_failed: probe threw: no such pixel");
  EXPECT_EQ(listener.statuses.at(1).to_string(),
            "kernel_failed: probe threw something without a message");
  EXPECT_TRUE(listener.statuses.at(2).ok());
}

struct Hang {
  void run() const {
    begun.count_down();
    let_go.wait();
    returned.set();
  }
  mutable std::latch begun{1};
  mutable Event let_go;
  mutable Event returned;
};

void hang(const void* state, const HostCall&) { static_cast<const Hang*>(state)->run(); }

void count(const void* calls, const HostCall&) {
  // A kernel's state is const because calls share it; this one counts them.
  ++*const_cast<std::atomic<int>*>(static_cast<const std::atomic<int>*>(calls));
}

TEST_F(HostDevice, hung_kernels_cost_their_queues_but_not_the_lanes) {
  const auto first = std::make_shared<const Hang>();
  const auto second = std::make_shared<const Hang>();
  const auto harmless = load([](const void*, const HostCall&) {});
  {
    Listener unused{1};
    Listener listener{5};
    const auto kernel_one = load(hang, first);
    const auto kernel_two = load(hang, second);
    const auto one = queue(0, unused);
    const auto two = queue(1, unused);
    ASSERT_TRUE(one->launch(launch(kernel_one)).ok());
    ASSERT_TRUE(two->launch(launch(kernel_two)).ok());
    ASSERT_TRUE(one->flush().ok());
    ASSERT_TRUE(two->flush().ok());
    first->begun.wait();
    second->begun.wait();
    one->abandon();
    two->abandon();
    const auto next = queue(2, listener);
    for (int i = 0; i < 5; ++i) ASSERT_TRUE(next->launch(launch(harmless)).ok());
    ASSERT_TRUE(next->flush().ok());
    listener.done.wait();
    EXPECT_TRUE(unused.statuses.empty());
  }
  // Queues, kernels and listeners are gone; the hung kernels come back to what they still hold.
  first->let_go.set();
  second->let_go.set();
  first->returned.wait();
  second->returned.wait();
}

TEST_F(HostDevice, a_queue_given_up_tells_what_it_has_begun_and_begins_nothing_more) {
  const auto hung = std::make_shared<const Hang>();
  const auto calls = std::make_shared<std::atomic<int>>(0);
  {
    ServiceThread clock;
    Workers pool{two_workers()};
    Device host{clock, pool};
    Listener listener{9};
    const auto hanging = *host.load(image(hang, hung));
    const auto counting = *host.load(image(count, calls));
    const auto lane = *host.create_queue(QueueId{0}, QueueUse::compute, 0, listener);
    for (const auto* kernel : {&counting, &hanging, &counting, &counting})
      ASSERT_TRUE(lane->launch(launch(*kernel)).ok());
    ASSERT_TRUE(lane->flush().ok());
    hung->begun.wait();
    EXPECT_EQ(lane->abandon(), (Timepoint{QueueId{0}, 2}));
    hung->let_go.set();
    hung->returned.wait();
    EXPECT_EQ(lane->abandon(), (Timepoint{QueueId{0}, 2}));
  }
  EXPECT_EQ(*calls, 1);  // the pool has no thread left that could call another
}

TEST_F(HostDevice, what_was_never_flushed_has_not_begun) {
  Listener listener{9};
  const auto kernel = load([](const void*, const HostCall&) {});
  const auto lane = queue(0, listener);
  ASSERT_TRUE(lane->launch(launch(kernel)).ok());
  EXPECT_TRUE(lane->abandon().trivial());
}

TEST_F(HostDevice, a_kernel_begins_before_its_queue_is_given_up_or_never) {
  struct Race {
    std::shared_ptr<std::atomic<int>> calls = std::make_shared<std::atomic<int>>(0);
    std::uint64_t begun = 0;
  };
  std::vector<Race> races(300);
  {
    ServiceThread clock;
    Workers pool{two_workers()};
    Device host{clock, pool};
    Listener listener{9};
    for (Race& race : races) {
      const auto counting = *host.load(image(count, race.calls));
      const auto lane = *host.create_queue(QueueId{0}, QueueUse::compute, 0, listener);
      for (int i = 0; i < 8; ++i) ASSERT_TRUE(lane->launch(launch(counting)).ok());
      ASSERT_TRUE(lane->flush().ok());
      while (*race.calls < 2) std::this_thread::yield();
      race.begun = lane->abandon().value;
    }
  }
  for (const Race& race : races) EXPECT_EQ(static_cast<std::uint64_t>(*race.calls), race.begun);
}

TEST_F(HostDevice, what_waits_for_a_queue_given_up_fails_and_goes_on) {
  const auto hung = std::make_shared<const Hang>();
  Listener unused{9};
  Listener listener{2};
  const auto kernel = load(hang, hung);
  const auto harmless = load([](const void*, const HostCall&) {});
  const auto one = queue(0, unused);
  const auto two = queue(1, listener);
  const auto never = one->launch(launch(kernel));
  ASSERT_TRUE(one->flush().ok());
  hung->begun.wait();
  ASSERT_TRUE(two->wait_for(*never).ok());
  ASSERT_TRUE(two->launch(launch(harmless)).ok());
  ASSERT_TRUE(two->launch(launch(harmless)).ok());
  ASSERT_TRUE(two->flush().ok());
  // The worker that is left turns to the third queue once the second waits.
  Listener after{1};
  const auto three = queue(2, after);
  ASSERT_TRUE(three->launch(launch(harmless)).ok());
  ASSERT_TRUE(three->flush().ok());
  after.done.wait();
  one->abandon();
  listener.done.wait();
  two->abandon();
  EXPECT_EQ(listener.statuses.at(0).to_string(),
            "device_lost: queue 1: it waited for queue 0, which was given up");
  EXPECT_TRUE(listener.statuses.at(1).ok());
  hung->let_go.set();
  hung->returned.wait();
}

TEST_F(HostDevice, giving_up_a_queue_waits_for_the_word_that_its_kernel_waits) {
  Event telling;
  troika::Queue* lane = nullptr;
  Listener listener{1};
  listener.each_blocked = [&] {
    telling.set();
    // Whoever gives the queue up waits by the time that another call of it gets through.
    while (lane->flush().code() != Code::device_lost) std::this_thread::yield();
  };
  const auto lends = load(
      [](const void* it, const HostCall&) {
        const auto& pool = *static_cast<Workers* const*>(it);
        ASSERT_TRUE(pool->lend(false).ok());
        pool->reclaim();
      },
      std::make_shared<Workers* const>(&workers));
  const auto owned = queue(0, listener);
  lane = owned.get();
  ASSERT_TRUE(lane->launch(launch(lends)).ok());
  ASSERT_TRUE(lane->flush().ok());
  telling.wait();
  EXPECT_EQ(lane->abandon().value, 1U);
  EXPECT_EQ(listener.blocked.at.value, 1U);
}

TEST_F(HostDevice, a_listener_may_give_up_its_own_queue) {
  Event given_up;
  troika::Queue* lane = nullptr;
  Listener listener{99, [&] {
                      lane->abandon();
                      given_up.set();
                    }};
  const auto kernel = load([](const void*, const HostCall&) {});
  const auto owned = queue(0, listener);
  lane = owned.get();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(lane->launch(launch(kernel)).ok());
  ASSERT_TRUE(lane->flush().ok());
  given_up.wait();
  EXPECT_EQ(lane->flush().code(), Code::device_lost);
}

}  // namespace
}  // namespace troika::host
