#include "tests/unit/sim/rig.h"

namespace troika::sim {
namespace {

// Two host lanes, and bytes that somebody has written.
struct Checks : ::testing::Test {
  std::unique_ptr<Allocation> written(Lane& lane, std::size_t bytes) {
    auto allocation = lane.allocate(bytes);
    lane.zero_out(whole(*allocation));
    lane.flush();
    rig.world.run_until_idle();
    return allocation;
  }
  void run(std::initializer_list<Lane*> lanes) {
    for (Lane* lane : lanes) lane->flush();
    rig.world.run_until_idle();
  }

  Rig rig;
  Lane a{rig.world, rig.host(), QueueId{0}, QueueUse::compute, 0};
  Lane b{rig.world, rig.host(), QueueId{1}, QueueUse::compute, 1};
};

TEST_F(Checks, two_readers_at_once_are_fine_a_writer_beside_one_is_not) {
  const auto bytes = written(a, 64);
  a.read(whole(*bytes));
  b.read(whole(*bytes));
  run({&a, &b});
  EXPECT_TRUE(rig.world.violations().empty());
  a.read(whole(*bytes));
  b.zero_out(whole(*bytes));
  run({&a, &b});
  EXPECT_TRUE(only_violation(rig.world, "host queue 1 op 2 (zero) writes bytes 0..64"));
}

TEST_F(Checks, tiles_side_by_side_do_not_meet_and_crossing_ones_do) {
  const auto bytes = written(a, 64);
  const Span2D left{bytes.get(), 0, 8, 4, 16}, right{bytes.get(), 8, 8, 4, 16};
  const Span2D band{bytes.get(), 16, 16, 1, 0};
  a.zero_out(left);
  b.zero_out(right);
  run({&a, &b});
  EXPECT_TRUE(rig.world.violations().empty());
  a.zero_out(left);
  b.zero_out(band);
  run({&a, &b});
  EXPECT_TRUE(only_violation(rig.world, "writes while"));
}

TEST_F(Checks, copies_and_fills_meet_too) {
  const auto bytes = written(a, 64), other = written(a, 64);
  ASSERT_TRUE(a.queue->copy({whole(*bytes), whole(*other)}).ok());
  ASSERT_TRUE(b.queue->fill({part(*bytes, 60, 4), Scalar::of(1)}).ok());
  run({&a, &b});
  EXPECT_TRUE(only_violation(rig.world, "(fill)"));
}

TEST_F(Checks, the_hosts_own_code_meets_a_running_kernel) {
  const auto bytes = written(a, 64);
  a.update(part(*bytes, 0, 32));
  a.flush();
  rig.world.run_until(rig.world.now() + 5 * us);
  { HostAccess beside{rig.world, part(*bytes, 32, 32), Access::write}; }
  EXPECT_TRUE(rig.world.violations().empty());
  { HostAccess into{rig.world, part(*bytes, 31, 2), Access::read}; }
  EXPECT_TRUE(only_violation(rig.world, "the host's own code"));
  rig.world.run_until_idle();
}

TEST_F(Checks, devices_that_share_a_space_meet_in_it) {
  Lane apu{rig.world, rig.apu(), QueueId{2}};
  const auto bytes = written(a, 64);
  const auto handle = std::move(*rig.apu().memory().attach(*bytes));
  a.zero_out(whole(*bytes));
  apu.zero_out(whole(*handle));
  run({&a, &apu});
  EXPECT_TRUE(only_violation(rig.world, "apu queue 2 op 1 (zero)"));
}

TEST_F(Checks, reading_what_nobody_has_written_is_found_to_the_byte) {
  const auto bytes = a.allocate(64);
  a.zero_out({bytes.get(), 0, 4, 4, 16});
  a.read({bytes.get(), 0, 4, 4, 16});
  run({&a});
  EXPECT_TRUE(rig.world.violations().empty());
  a.read({bytes.get(), 0, 5, 4, 16});
  run({&a});
  EXPECT_TRUE(only_violation(rig.world, "reads what nobody has written: bytes 4..5"));
}

TEST_F(Checks, a_kernel_sees_poison_where_it_may_only_write) {
  const auto bytes = written(a, 16);
  const auto keeps =
      std::move(*rig.host().load(image("keeps", {buffer(Access::write)}, touch_nothing)));
  ASSERT_TRUE(a.launch(*keeps, {whole(*bytes)}).ok());
  run({&a});
  EXPECT_EQ(bytes->host()[0], std::byte{0xCB}) << "not the zero that was there";
}

class Foreign final : public Allocation {
 public:
  explicit Foreign(std::span<std::byte> pages)
      : Allocation{host_space, pages.size(), pages.data()} {}
};

TEST(WorldOptions, foreign_allocations_are_host_pages_where_the_world_allows_them) {
  std::vector<std::byte> pages(64, std::byte{7});
  const Foreign foreign{pages};
  for (const bool allowed : {true, false}) {
    Rig rig{{.foreign_allocations = allowed}};
    Lane gpu{rig.world, rig.gpu0(), QueueId{0}};
    const auto there = gpu.allocate(64);
    EXPECT_EQ(gpu.queue->copy({whole(foreign), whole(*there)}).ok(), allowed);
    EXPECT_EQ(rig.apu().memory().attach(foreign).ok(), allowed);
    gpu.flush();
    rig.world.run_until_idle();
    EXPECT_EQ(rig.world.violations().empty(), allowed);
  }
}

TEST_F(Checks, freeing_what_an_unreached_operation_uses_is_found) {
  auto bytes = written(a, 64);
  a.update(whole(*bytes));
  bytes.reset();
  EXPECT_TRUE(only_violation(rig.world, "which 1 unreached operations use"));
  run({&a});
  EXPECT_NE(rig.world.violations().back().find("uses freed memory"), std::string::npos);
}

TEST_F(Checks, freeing_what_another_device_is_attached_to_is_found) {
  auto bytes = written(a, 64);
  const auto handle = std::move(*rig.apu().memory().attach(*bytes));
  bytes.reset();
  EXPECT_TRUE(only_violation(rig.world, "another device is attached to"));
}

TEST_F(Checks, a_dangling_handle_is_found_before_it_is_followed) {
  auto bytes = written(a, 64);
  const Span2D span = whole(*bytes);
  bytes.reset();
  EXPECT_EQ(a.launch(*a.read_kernel, {span}).status().code(), Code::invalid_argument);
  EXPECT_TRUE(only_violation(rig.world, "an allocation that does not exist"));
}

TEST_F(Checks, another_devices_handle_is_refused) {
  const auto bytes = written(a, 64);
  Lane apu{rig.world, rig.apu(), QueueId{2}};
  EXPECT_EQ(apu.launch(*apu.read_kernel, {whole(*bytes)}).status().code(), Code::invalid_argument);
  EXPECT_TRUE(only_violation(rig.world, "a handle of host's"));
}

TEST_F(Checks, destroying_a_kernel_or_a_queue_with_work_in_flight_is_found) {
  const auto bytes = written(a, 64);
  {
    Lane doomed{rig.world, rig.gpu0(), QueueId{7}};
    const auto there = doomed.allocate(16);
    doomed.zero_out(whole(*there));
    doomed.zero_kernel.reset();
    EXPECT_TRUE(only_violation(rig.world, "destroys kernel zero"));
    doomed.queue.reset();
  }
  ASSERT_GE(rig.world.violations().size(), 2u);
  EXPECT_NE(rig.world.violations()[1].find("destroyed before all is reached"), std::string::npos);
}

// The apu's caches do not follow the host's.
struct Visibility : Checks {
  void hand_over(const Span2D& span, Towards towards) {
    const auto point = apu.queue->hand_over({span, towards, false});
    ASSERT_TRUE(point.ok());
    EXPECT_FALSE(point->trivial());
  }
  Lane apu{rig.world, rig.apu(), QueueId{2}};
  std::unique_ptr<Allocation> bytes = written(a, 64);
  std::unique_ptr<Allocation> handle = std::move(*rig.apu().memory().attach(*bytes));
};

TEST_F(Visibility, the_device_reads_the_hosts_bytes_only_after_a_hand_over) {
  hand_over(part(*handle, 0, 32), Towards::device);
  apu.read(part(*handle, 0, 32));
  run({&apu});
  EXPECT_TRUE(rig.world.violations().empty());
  apu.read(part(*handle, 16, 32));
  run({&apu});
  EXPECT_TRUE(only_violation(rig.world, "agent 0 wrote and nobody handed over: bytes 32..48"));
}

TEST_F(Visibility, the_host_reads_the_devices_bytes_only_after_a_hand_over) {
  apu.zero_out(whole(*handle));
  apu.read(whole(*handle));  // its own
  run({&apu});
  EXPECT_TRUE(rig.world.violations().empty());
  hand_over(part(*handle, 0, 32), Towards::host);
  run({&apu});
  a.read(part(*bytes, 0, 32));
  run({&a});
  EXPECT_TRUE(rig.world.violations().empty());
  { HostAccess access{rig.world, part(*bytes, 32, 1), Access::read}; }
  EXPECT_TRUE(only_violation(rig.world, "agent 1 wrote and nobody handed over"));
}

TEST_F(Visibility, a_hand_over_does_not_outlast_the_next_write) {
  hand_over(whole(*handle), Towards::device);
  run({&apu});
  a.zero_out(whole(*bytes));
  run({&a});
  apu.read(whole(*handle));
  run({&apu});
  EXPECT_TRUE(only_violation(rig.world, "nobody handed over"));
}

TEST_F(Visibility, a_hand_over_beside_a_write_is_found) {
  Lane beside{rig.world, rig.apu(), QueueId{3}};
  apu.zero_out(part(*handle, 0, 32));
  ASSERT_TRUE(beside.queue->hand_over({part(*handle, 32, 32), Towards::host, false}).ok());
  run({&apu, &beside});
  EXPECT_TRUE(rig.world.violations().empty());
  apu.zero_out(part(*handle, 0, 32));
  ASSERT_TRUE(beside.queue->hand_over({part(*handle, 16, 32), Towards::host, false}).ok());
  run({&apu, &beside});
  EXPECT_TRUE(only_violation(rig.world, "while apu queue 2 op 2 (zero) writes bytes 16..32"));
}

TEST_F(Visibility, coherent_devices_hand_over_for_nothing) {
  Lane gpu{rig.world, rig.gpu0(), QueueId{3}};
  const auto there = gpu.allocate(16);
  const auto free = gpu.queue->hand_over({whole(*there), Towards::host, false});
  ASSERT_TRUE(free.ok());
  EXPECT_TRUE(free->trivial());
  EXPECT_TRUE(a.queue->hand_over({whole(*bytes), Towards::device, true})->trivial());
}

TEST_F(Checks, waiting_for_what_was_never_enqueued_here_is_found) {
  EXPECT_TRUE(b.queue->wait_for({QueueId{0}, 0}).ok()) << "reached already";
  EXPECT_EQ(b.queue->wait_for({QueueId{0}, 1}).code(), Code::invalid_argument);
  Lane gpu{rig.world, rig.gpu0(), QueueId{3}};
  const auto bytes = written(a, 16);
  EXPECT_EQ(gpu.queue->wait_for({QueueId{0}, 1}).code(), Code::invalid_argument);
  ASSERT_EQ(rig.world.violations().size(), 2u);
  EXPECT_NE(rig.world.violations()[1].find("was never enqueued on this device"), std::string::npos);
}

}  // namespace
}  // namespace troika::sim
