#include "backends/sim/world.h"

#include <gtest/gtest.h>

namespace troika::sim {
namespace {

class Counter final : public Service {
 public:
  explicit Counter(World& world) : world_{world} {}
  void serve() noexcept override { served_at.push_back(world_.now()); }
  std::vector<Nanos> served_at;

 private:
  World& world_;
};

TEST(World, the_clock_jumps_to_each_event_in_turn) {
  World world;
  std::vector<std::int64_t> seen;
  world.after(Nanos{30}, [&] { seen.push_back(world.now().count()); });
  world.after(Nanos{10}, [&] {
    seen.push_back(world.now().count());
    world.after(Nanos{5}, [&] { seen.push_back(world.now().count()); });
  });
  world.run_until_idle();
  EXPECT_EQ(seen, (std::vector<std::int64_t>{10, 15, 30}));
}

TEST(World, ties_come_in_order_of_insertion_or_in_an_order_that_the_seed_draws) {
  const auto order = [](bool shuffle, std::uint64_t seed) {
    World world{{.seed = seed, .shuffle_ties = shuffle}};
    std::string seen;
    for (const char c : std::string{"abcdefgh"}) world.after(Nanos{7}, [&seen, c] { seen += c; });
    world.run_until_idle();
    return seen;
  };
  EXPECT_EQ(order(false, 1), "abcdefgh");
  EXPECT_EQ(order(false, 2), "abcdefgh");
  EXPECT_NE(order(true, 1), "abcdefgh");
  EXPECT_NE(order(true, 1), order(true, 2));
  EXPECT_EQ(order(true, 1), order(true, 1));
}

TEST(World, serves_once_for_several_requests_and_at_the_earliest) {
  World world;
  Counter service{world};
  world.attach(service);
  world.call_at(Nanos{50});
  world.call_at(Nanos{20});
  world.call_at(Nanos{90});
  EXPECT_TRUE(service.served_at.empty()) << "never before the request returns";
  world.run_until_idle();
  EXPECT_EQ(service.served_at, std::vector<Nanos>{Nanos{20}});

  world.call_soon();
  world.call_soon();
  world.run_until_idle();
  EXPECT_EQ(service.served_at.size(), 2u);
  world.call_soon();
  world.detach();
  world.run_until_idle();
  EXPECT_EQ(service.served_at.size(), 2u) << "none after detach()";
}

TEST(World, a_wait_ends_with_its_event_its_deadline_or_a_stall) {
  World world;
  Event event, never;
  world.after(Nanos{40}, [&] { event.set(); });
  EXPECT_TRUE(world.wait(event, forever));
  EXPECT_EQ(world.now(), Nanos{40});

  world.after(Nanos{100}, [] {});
  EXPECT_FALSE(world.wait(never, Nanos{60}));
  EXPECT_EQ(world.now(), Nanos{60}) << "the deadline came first";
  EXPECT_FALSE(world.wait(never, Nanos{1'000}));
  EXPECT_EQ(world.now(), Nanos{140}) << "nothing was left";
}

TEST(World, says_so_when_it_goes_in_circles) {
  World world{{.steps_max = 100}};
  World::Callback again = [&] { world.after(Nanos{0}, again); };
  again();
  Event never;
  EXPECT_FALSE(world.wait(never, forever));
  ASSERT_EQ(world.violations().size(), 1u);
  EXPECT_NE(world.violations()[0].find("in circles"), std::string::npos);
}

TEST(World, a_callback_may_wait_for_another) {
  World world;
  Event inner;
  bool came_through = false;
  world.after(Nanos{10}, [&] { came_through = world.wait(inner, forever); });
  world.after(Nanos{20}, [&] { inner.set(); });
  world.run_until_idle();
  EXPECT_TRUE(came_through);
}

TEST(Rng, a_fork_is_not_disturbed_by_draws_from_another) {
  const Rng root{5};
  Rng a = root.fork("a");
  const auto first = a.next();
  Rng b = root.fork("b");
  b.next();
  EXPECT_EQ(root.fork("a").next(), first);
  EXPECT_NE(root.fork("b").next(), first);
}

}  // namespace
}  // namespace troika::sim
