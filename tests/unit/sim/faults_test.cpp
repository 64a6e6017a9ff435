#include <set>

#include "tests/unit/sim/rig.h"

namespace troika::sim {
namespace {

Fault nth(FaultKind kind, std::uint64_t n) { return {.kind = kind, .device = "gpu0", .nth = n}; }

// A machine with one fault planned, and a queue of the device that it strikes.
struct Struck {
  explicit Struck(const Fault& fault, const WorldOptions& options = {})
      : rig{options, {{fault}}}, gpu{rig.world, rig.gpu0(), QueueId{1}} {}

  void run(int launches) {
    for (int i = 0; i < launches; ++i) gpu.zero_out(whole(*bytes));
    gpu.flush();
    rig.world.run_until_idle();
  }

  Rig rig;
  Lane gpu;
  std::unique_ptr<Allocation> bytes = gpu.allocate(16);
};

TEST(Faults, a_kernel_fails_once_and_damages_what_it_was_writing) {
  Struck struck{nth(FaultKind::kernel_fails, 2)};
  struck.run(2);
  ASSERT_EQ(struck.gpu.listener.seen.size(), 2u);
  EXPECT_EQ(struck.gpu.listener.seen[0].code, Code::ok);
  EXPECT_EQ(struck.gpu.listener.seen[1].code, Code::kernel_failed);
  EXPECT_EQ(struck.rig.world.faults()[FaultKind::kernel_fails], 1u);
  struck.gpu.read(whole(*struck.bytes));
  struck.run(0);
  EXPECT_TRUE(only_violation(struck.rig.world, "a failure it was told of"));
  struck.run(1);
  struck.gpu.read(whole(*struck.bytes));
  struck.run(0);
  EXPECT_EQ(struck.rig.world.violations().size(), 1u) << "overwritten whole, it is sound again";
}

TEST(Faults, a_copy_fails_once_and_damages_what_it_was_bringing) {
  Struck struck{nth(FaultKind::copy_fails, 2)};
  const auto to = struck.gpu.allocate(16);
  struck.run(1);
  struck.gpu.listener.seen.clear();
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(struck.gpu.queue->copy({whole(*struck.bytes), whole(*to)}).ok());
    struck.run(0);
  }
  ASSERT_EQ(struck.gpu.listener.seen.size(), 3u);
  EXPECT_EQ(struck.gpu.listener.seen[1].code, Code::unavailable);
  EXPECT_FALSE(struck.gpu.listener.seen[1].lost);
  EXPECT_EQ(struck.gpu.listener.seen[2].code, Code::ok);
  EXPECT_EQ(struck.rig.world.faults()[FaultKind::copy_fails], 1u);
  struck.gpu.read(whole(*to));
  struck.run(0);
  EXPECT_TRUE(struck.rig.world.violations().empty());

  Struck told{nth(FaultKind::copy_fails, 1)};
  const auto damaged = told.gpu.allocate(16);
  told.gpu.zero_out(whole(*told.bytes));
  ASSERT_TRUE(told.gpu.queue->copy({whole(*told.bytes), whole(*damaged)}).ok());
  told.run(0);
  told.gpu.read(whole(*damaged));
  told.run(0);
  EXPECT_TRUE(only_violation(told.rig.world, "a failure it was told of"));
}

TEST(Faults, work_enqueued_before_it_was_told_may_read_damage_and_passes_it_on) {
  Struck struck{nth(FaultKind::kernel_fails, 1)};
  const auto next = struck.gpu.allocate(16);
  struck.gpu.zero_out(whole(*struck.bytes));
  struck.gpu.add_one_to(whole(*struck.bytes), whole(*next));
  struck.run(0);
  EXPECT_TRUE(struck.rig.world.violations().empty());
  struck.gpu.read(whole(*next));
  struck.run(0);
  EXPECT_TRUE(only_violation(struck.rig.world, "a failure it was told of"));
}

TEST(Faults, a_slow_device_takes_so_many_times_as_long) {
  Struck struck{{.kind = FaultKind::device_slow, .device = "gpu0", .at = 15 * us, .factor = 3}};
  struck.run(3);
  EXPECT_EQ(struck.gpu.listener.seen.at(1).at, 20 * us);
  EXPECT_EQ(struck.gpu.listener.seen.at(2).at, 50 * us);
  EXPECT_EQ(struck.rig.world.faults()[FaultKind::device_slow], 1u);
}

TEST(Faults, a_lost_device_reports_once_fails_every_verb_and_loses_its_memory) {
  Struck struck{nth(FaultKind::device_lost, 2)};
  Lane host{struck.rig.world, struck.rig.host(), QueueId{0}};
  Lane idle{struck.rig.world, struck.rig.gpu0(), QueueId{2}};
  Lane peer{struck.rig.world, struck.rig.gpu1(), QueueId{3}};
  const auto untouched = struck.gpu.allocate(16);
  ASSERT_TRUE(struck.gpu.queue->fill({whole(*untouched), Scalar::of(1)}).ok());
  struck.run(4);
  ASSERT_EQ(struck.gpu.listener.seen.size(), 3u);
  EXPECT_EQ(struck.gpu.listener.seen[2].reached, 3u);
  EXPECT_EQ(struck.gpu.listener.seen[2].code, Code::device_lost);
  EXPECT_TRUE(struck.gpu.listener.seen[2].lost);
  EXPECT_TRUE(idle.listener.seen.empty()) << "a queue with nothing in flight has nothing to report";

  EXPECT_EQ(struck.gpu.queue->flush().code(), Code::device_lost);
  EXPECT_EQ(idle.launch(*idle.zero_kernel, {whole(*struck.bytes)}).status().code(),
            Code::device_lost);
  EXPECT_EQ(struck.rig.gpu0().memory().allocate({.bytes = 1}).status().code(), Code::device_lost);
  EXPECT_EQ(struck.rig.gpu0()
                .create_queue(QueueId{9}, QueueUse::compute, 0, idle.listener)
                .status()
                .code(),
            Code::device_lost);

  const auto there = peer.allocate(16);
  ASSERT_TRUE(peer.queue->copy({whole(*untouched), whole(*there)}).ok());
  peer.flush();
  struck.rig.world.run_until_idle();
  EXPECT_EQ(peer.listener.seen.at(0).code, Code::device_lost) << "the other end is gone";
  EXPECT_FALSE(peer.listener.seen[0].lost) << "this one is not";
  EXPECT_TRUE(only_violation(struck.rig.world, "a failure it was told of"));
  struck.bytes.reset();
  EXPECT_EQ(struck.rig.world.violations().size(), 1u) << "nothing of a lost device is in flight";
}

TEST(Faults, a_device_can_be_lost_between_launches) {
  Struck struck{{.kind = FaultKind::device_lost, .device = "gpu0", .at = 15 * us}};
  struck.run(2);
  EXPECT_EQ(struck.gpu.listener.seen.at(1).at, 15 * us);
  EXPECT_TRUE(struck.gpu.listener.seen[1].lost);
}

TEST(Faults, a_lost_device_tells_of_the_loss_alone_where_nothing_had_begun) {
  Struck struck{{.kind = FaultKind::device_lost, .device = "gpu0", .at = 5 * us}};
  struck.gpu.zero_out(whole(*struck.bytes));  // and is not flushed
  struck.rig.world.run_until_idle();
  ASSERT_EQ(struck.gpu.listener.seen.size(), 1u);
  EXPECT_TRUE(struck.gpu.listener.seen[0].lost);
  EXPECT_EQ(struck.gpu.listener.seen[0].reached, 0u);
  EXPECT_TRUE(struck.gpu.queue->abandon().trivial());
}

TEST(Faults, what_had_ended_untold_when_its_device_was_lost_is_in_flight_no_more) {
  Struck struck{{.kind = FaultKind::device_lost, .device = "gpu0", .at = 15 * us},
                {.report_late = 1, .report_delay_max = 1'000 * us}};
  struck.gpu.zero_out(whole(*struck.bytes));
  struck.gpu.flush();
  struck.rig.world.run_until(16 * us);
  EXPECT_TRUE(struck.gpu.listener.seen.empty());
  struck.bytes.reset();
  EXPECT_TRUE(struck.rig.world.violations().empty());
}

TEST(Faults, a_hung_device_never_reports_and_holds_its_memory_for_good) {
  Struck struck{nth(FaultKind::device_hangs, 2)};
  struck.run(3);
  EXPECT_EQ(struck.gpu.listener.seen.size(), 1u);
  EXPECT_NE(why_stalled(struck.rig.opened).find("hangs"), std::string::npos);
  Event never;
  EXPECT_FALSE(struck.rig.world.wait(never, forever));
  struck.gpu.queue->abandon();
  struck.gpu.queue.reset();
  EXPECT_TRUE(struck.rig.world.violations().empty());
  struck.bytes.reset();
  EXPECT_FALSE(struck.rig.world.violations().empty()) << "freed though the device may touch it";
}

TEST(Faults, what_runs_when_a_device_hangs_never_ends) {
  Struck struck{{.kind = FaultKind::device_hangs, .device = "gpu0", .at = 15 * us}};
  struck.run(3);
  EXPECT_EQ(struck.gpu.listener.seen.size(), 1u);
  EXPECT_EQ(struck.rig.world.faults()[FaultKind::device_hangs], 1u);
  struck.gpu.queue->abandon();
  static_cast<void>(struck.bytes.release());
}

TEST(Faults, a_lost_device_takes_with_it_what_it_never_handed_over) {
  Rig rig{{}, {{{.kind = FaultKind::device_lost, .device = "apu", .at = 50 * us}}}};
  EXPECT_TRUE(rig.apu().info().needs_hand_over);
  EXPECT_FALSE(rig.gpu0().info().needs_hand_over);
  Lane host{rig.world, rig.host(), QueueId{0}}, apu{rig.world, rig.apu(), QueueId{1}};
  const auto bytes = host.allocate(64);
  const auto handle = std::move(*rig.apu().memory().attach(*bytes));
  apu.zero_out(whole(*handle));
  ASSERT_TRUE(apu.queue->hand_over({part(*handle, 0, 32), Towards::host, false}).ok());
  apu.flush();
  rig.world.run_until_idle();
  EXPECT_EQ(apu.queue->flush().code(), Code::device_lost);
  EXPECT_EQ(bytes->host()[0], std::byte{0});
  EXPECT_EQ(bytes->host()[32], std::byte{0xDB}) << "garbage";
  host.read(part(*bytes, 0, 32));
  host.flush();
  rig.world.run_until_idle();
  EXPECT_TRUE(rig.world.violations().empty());
  host.read(whole(*bytes));
  host.flush();
  rig.world.run_until_idle();
  EXPECT_TRUE(only_violation(rig.world, "a failure it was told of has damaged: bytes 32..64"));
}

TEST(Faults, a_hang_of_the_host_takes_one_lane_until_its_worker_is_replaced) {
  Rig rig{{}, {{{.kind = FaultKind::device_hangs, .device = "host", .nth = 1}}}};
  Lane a{rig.world, rig.host(), QueueId{0}, QueueUse::compute, 0};
  Lane b{rig.world, rig.host(), QueueId{1}, QueueUse::compute, 1};
  auto x = a.allocate(16);
  const auto y = b.allocate(16);
  a.zero_out(whole(*x));
  a.flush();
  rig.world.run_until_idle();
  b.zero_out(whole(*y));
  b.flush();
  rig.world.run_until_idle();
  EXPECT_TRUE(a.listener.seen.empty());
  EXPECT_EQ(b.listener.seen.size(), 1u);
  a.queue->abandon();
  Lane replacement{rig.world, rig.host(), QueueId{2}, QueueUse::compute, 0};
  replacement.zero_out(whole(*y));
  replacement.flush();
  rig.world.run_until_idle();
  EXPECT_EQ(replacement.listener.seen.size(), 1u);
  static_cast<void>(x.release());
}

TEST(Faults, the_nth_allocation_fails) {
  Struck struck{nth(FaultKind::allocate_fails, 2)};  // the first was the rig's own
  EXPECT_EQ(struck.rig.gpu0().memory().allocate({.bytes = 1}).status().code(), Code::out_of_memory);
  EXPECT_TRUE(struck.rig.gpu0().memory().allocate({.bytes = 1}).ok());
  EXPECT_EQ(struck.rig.world.faults()[FaultKind::allocate_fails], 1u);
}

TEST(Faults, reports_come_late_and_overtake_those_of_other_queues_but_never_their_own) {
  Rig rig{{.report_late = 0.5, .report_delay_max = 100 * us}};
  Lane a{rig.world, rig.gpu0(), QueueId{1}}, b{rig.world, rig.gpu1(), QueueId{2}};
  const auto x = a.allocate(16), y = b.allocate(16);
  for (int i = 0; i < 50; ++i) {
    a.zero_out(whole(*x));
    b.zero_out(whole(*y));
  }
  a.flush();
  b.flush();
  rig.world.run_until_idle();
  EXPECT_GT(rig.world.faults()[FaultKind::report_late], 20u);
  EXPECT_GT(rig.world.faults()[FaultKind::report_overtaken], 0u);
  for (const Listener* listener : {&a.listener, &b.listener}) {
    ASSERT_EQ(listener->seen.size(), 50u);
    for (std::size_t i = 0; i < 50; ++i) EXPECT_EQ(listener->seen[i].reached, i + 1);
  }
}

TEST(Faults, noise_spreads_durations_about_the_mean) {
  Struck struck{nth(FaultKind::kernel_fails, 1'000), {.noise = 1}};
  struck.run(400);
  std::set<Nanos> durations;
  for (const auto& seen : struck.gpu.listener.seen)
    for (const Interval& interval : seen.measured) durations.insert(interval.end - interval.begin);
  EXPECT_GT(durations.size(), 300u);
  EXPECT_NEAR(to_seconds(struck.rig.world.now()), 400 * 10e-6, 400 * 0.5e-6);
}

TEST(FaultPlan, is_drawn_from_the_seed_and_never_loses_the_host) {
  const Machine machine = small_machine();
  std::set<FaultKind> kinds;
  std::size_t faults = 0;
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    const FaultPlan plan = FaultPlan::drawn(seed, machine, 1.5, 1'000 * us, 20);
    const FaultPlan again = FaultPlan::drawn(seed, machine, 1.5, 1'000 * us, 20);
    ASSERT_EQ(plan.faults.size(), again.faults.size());
    for (const Fault& fault : plan.faults) {
      kinds.insert(fault.kind);
      EXPECT_FALSE(fault.device == "host" && fault.kind == FaultKind::device_lost);
    }
    faults += plan.faults.size();
  }
  EXPECT_EQ(kinds.size(), 6u);
  EXPECT_NEAR(static_cast<double>(faults) / 400, 1.45, 0.3);
}

}  // namespace
}  // namespace troika::sim
