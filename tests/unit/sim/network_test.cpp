#include "backends/sim/network.h"

#include <gtest/gtest.h>

namespace troika::sim {
namespace {

constexpr double MBs = 1e6;

// a->b and a->c of 100 MB/s draw from a bus of 120 MB/s; b->c of 50 MB/s stands alone.
struct Links : ::testing::Test {
  static Machine machine() {
    Machine machine;
    machine.links = {{"a", "b", 100 * MBs, Nanos{1'000}, {"bus"}},
                     {"a", "c", 100 * MBs, Nanos{1'000}, {"bus"}},
                     {"b", "c", 50 * MBs, Nanos{0}, {}}};
    machine.shared_links = {{"bus", 120 * MBs}};
    return machine;
  }
  // Returns where the time of arrival, in microseconds, will be.
  double& send(const char* from, const char* to, std::size_t bytes) {
    double& arrival = *arrivals.emplace_back(std::make_unique<double>(-1));
    last = network.start(*network.find(from, to), bytes,
                         [this, &arrival] { arrival = to_seconds(world.now()) * 1e6; });
    return arrival;
  }

  World world;
  Network network{world, machine()};
  std::vector<std::unique_ptr<double>> arrivals;
  TransferId last = 0;
};

TEST_F(Links, a_lone_transfer_takes_its_latency_and_its_bytes) {
  const double& arrival = send("a", "b", 10'000);
  world.run_until_idle();
  EXPECT_NEAR(arrival, 1 + 100, 0.01);
  EXPECT_EQ(network.find("c", "a"), nullptr) << "links are directed";
}

TEST_F(Links, transfers_on_one_link_halve_it) {
  const double& one = send("b", "c", 5'000);
  const double& two = send("b", "c", 5'000);
  world.run_until_idle();
  EXPECT_NEAR(one, 200, 0.01);
  EXPECT_NEAR(two, 200, 0.01);
}

TEST_F(Links, a_shared_link_is_divided_fairly_until_one_ends) {
  const double& shorter = send("a", "b", 6'000);
  const double& longer = send("a", "c", 12'000);
  world.run_until_idle();
  EXPECT_NEAR(shorter, 1 + 100, 0.01) << "60 MB/s, half of the bus";
  EXPECT_NEAR(longer, 1 + 100 + 60, 0.01) << "then 100 MB/s, all of its own link";
}

TEST_F(Links, what_a_narrow_link_cannot_use_goes_to_the_others) {
  Machine uneven = machine();
  uneven.links[0].bytes_per_second = 20 * MBs;
  Network narrow{world, uneven};
  double slow = 0, fast = 0;
  narrow.start(*narrow.find("a", "b"), 2'000, [&] { slow = to_seconds(world.now()) * 1e6; });
  narrow.start(*narrow.find("a", "c"), 10'000, [&] { fast = to_seconds(world.now()) * 1e6; });
  world.run_until_idle();
  EXPECT_NEAR(slow, 1 + 100, 0.01);
  EXPECT_NEAR(fast, 1 + 100, 0.01) << "120 - 20 = 100 MB/s";
}

TEST_F(Links, a_later_transfer_slows_an_earlier_one_from_its_start_on) {
  const double& first = send("b", "c", 5'000);
  world.run_until(Nanos{50'000});
  send("b", "c", 50'000);
  world.run_until_idle();
  EXPECT_NEAR(first, 50 + 100, 0.01);
}

TEST_F(Links, a_cancelled_transfer_never_arrives_and_gives_its_bandwidth_back) {
  const double& stays = send("b", "c", 5'000);
  const double& goes = send("b", "c", 5'000);
  world.run_until(Nanos{100'000});
  network.cancel(last);
  world.run_until_idle();
  EXPECT_NEAR(stays, 150, 0.01);
  EXPECT_EQ(goes, -1);
}

}  // namespace
}  // namespace troika::sim
