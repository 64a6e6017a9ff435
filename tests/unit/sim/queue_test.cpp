#include "backends/sim/hold.h"
#include "tests/unit/sim/rig.h"

namespace troika::sim {
namespace {

std::vector<std::uint64_t> values(const Listener& listener) {
  std::vector<std::uint64_t> reached;
  for (const auto& seen : listener.seen) reached.push_back(seen.reached);
  return reached;
}

TEST(SimQueue, carries_bytes_to_a_device_through_a_kernel_and_back) {
  Rig rig;
  Lane host{rig.world, rig.host(), QueueId{0}}, gpu{rig.world, rig.gpu0(), QueueId{1}};
  const auto from = host.allocate(64), back = host.allocate(64);
  const auto in = gpu.allocate(64), out = gpu.allocate(64);
  EXPECT_EQ(in->host(), nullptr) << "nobody reaches a device's memory but through its queues";
  {
    HostAccess access{rig.world, whole(*from), Access::write};
    for (std::size_t i = 0; i < 64; ++i) from->host()[i] = std::byte(i);
  }
  ASSERT_TRUE(gpu.queue->copy({whole(*from), whole(*in)}).ok());
  gpu.add_one_to(whole(*in), whole(*out));
  ASSERT_TRUE(gpu.queue->copy({whole(*out), whole(*back)}).ok());
  gpu.flush();
  rig.world.run_until_idle();
  HostAccess access{rig.world, whole(*back), Access::read};
  for (std::size_t i = 0; i < 64; ++i) EXPECT_EQ(back->host()[i], std::byte(i + 1));
  EXPECT_TRUE(rig.world.violations().empty()) << rig.world.violations()[0];
  EXPECT_EQ(gpu.queue->reached().value, 3u);
}

TEST(SimQueue, copies_rows_with_different_pitches_and_fills_rows) {
  Rig rig;
  Lane host{rig.world, rig.host(), QueueId{0}};
  const auto from = host.allocate(64), to = host.allocate(64);
  ASSERT_TRUE(host.queue->fill({whole(*from), Scalar::of<std::uint16_t>(0x0201)}).ok());
  ASSERT_TRUE(host.queue->fill({whole(*to), Scalar::of<std::uint8_t>(9)}).ok());
  ASSERT_TRUE(host.queue->copy({{from.get(), 1, 3, 4, 16}, {to.get(), 2, 3, 4, 5}}).ok());
  host.flush();
  rig.world.run_until_idle();
  const std::vector<int> start{9, 9, 2, 1, 2, 9, 9, 2, 1, 2, 9, 9};
  for (std::size_t i = 0; i < start.size(); ++i)
    EXPECT_EQ(std::to_integer<int>(to->host()[i]), start[i]) << i;
  EXPECT_EQ(std::to_integer<int>(to->host()[20]), 9) << "after the last row";
  EXPECT_TRUE(rig.world.violations().empty());
}

TEST(SimQueue, begins_nothing_before_a_flush_and_runs_in_order) {
  Rig rig;
  Lane gpu{rig.world, rig.gpu0(), QueueId{1}};
  const auto bytes = gpu.allocate(16);
  gpu.zero_out(whole(*bytes));
  gpu.update(whole(*bytes));
  rig.world.run_until_idle();
  EXPECT_TRUE(gpu.listener.seen.empty());
  EXPECT_NE(why_stalled(rig.opened).find("was not flushed"), std::string::npos);
  gpu.flush();
  rig.world.run_until_idle();
  EXPECT_EQ(values(gpu.listener), (std::vector<std::uint64_t>{1, 2}));
  EXPECT_EQ(gpu.listener.seen[0].at, 10 * us);
  EXPECT_EQ(gpu.listener.seen[1].at, 20 * us);
  EXPECT_EQ(why_stalled(rig.opened), "");

  gpu.update(whole(*bytes));
  gpu.flush();
  gpu.update(whole(*bytes));
  rig.world.run_until_idle();
  EXPECT_EQ(values(gpu.listener).back(), 3u) << "the fourth is not flushed";
  gpu.flush();
  rig.world.run_until_idle();
}

TEST(SimQueue, lanes_work_at_once_and_queues_of_one_lane_in_turn) {
  Rig rig;
  Lane a{rig.world, rig.host(), QueueId{0}, QueueUse::compute, 0};
  Lane b{rig.world, rig.host(), QueueId{1}, QueueUse::compute, 1};
  Lane c{rig.world, rig.host(), QueueId{2}, QueueUse::compute, 1};
  const auto x = a.allocate(16), y = a.allocate(16), z = a.allocate(16);
  a.zero_out(whole(*x));
  b.zero_out(whole(*y));
  c.zero_out(whole(*z));
  for (Lane* lane : {&a, &b, &c}) lane->flush();
  rig.world.run_until_idle();
  EXPECT_EQ(a.listener.seen.at(0).at, 10 * us);
  EXPECT_EQ(b.listener.seen.at(0).at, 10 * us);
  EXPECT_EQ(c.listener.seen.at(0).at, 20 * us);
}

TEST(SimQueue, a_copy_queue_works_beside_kernels_and_waits_where_it_is_told_to) {
  Rig rig;
  Lane host{rig.world, rig.host(), QueueId{0}}, gpu{rig.world, rig.gpu0(), QueueId{1}};
  Listener copied{rig.world};
  const auto copies = std::move(*rig.gpu0().create_queue(QueueId{2}, QueueUse::copy, 0, copied));
  const auto here = host.allocate(1'000), there = gpu.allocate(1'000), other = gpu.allocate(16);
  host.zero_out(whole(*here));
  host.flush();
  rig.world.run_until_idle();

  const Timepoint arrived = *copies->copy({whole(*here), whole(*there)});
  ASSERT_TRUE(copies->flush().ok());
  gpu.zero_out(whole(*other));
  ASSERT_TRUE(gpu.queue->wait_for(arrived).ok());
  gpu.update(whole(*there));
  gpu.flush();
  rig.world.run_until_idle();
  EXPECT_EQ(gpu.listener.seen.at(0).at, 20 * us) << "beside the copy";
  EXPECT_EQ(copied.seen.at(0).at, 21 * us) << "10 us, and 1,000 bytes at 1 GB/s";
  EXPECT_EQ(gpu.listener.seen.at(1).at, 31 * us) << "after the copy";
  EXPECT_TRUE(rig.world.violations().empty());
}

TEST(SimQueue, a_missing_wait_computes_from_stale_bytes) {
  Rig rig;
  Lane a{rig.world, rig.host(), QueueId{0}, QueueUse::compute, 0};
  Lane b{rig.world, rig.host(), QueueId{1}, QueueUse::compute, 1};
  const auto x = a.allocate(16), y = a.allocate(16), z = a.allocate(16);
  a.zero_out(whole(*x));
  a.zero_out(whole(*z));
  a.flush();
  rig.world.run_until_idle();
  a.add_one_to(whole(*z), whole(*x));  // x := 1
  b.add_one_to(whole(*x), whole(*y));  // y := x + 1, without a wait
  a.flush();
  rig.world.run_until(rig.world.now() + 5 * us);
  b.flush();
  rig.world.run_until_idle();
  EXPECT_EQ(x->host()[0], std::byte{1});
  EXPECT_EQ(y->host()[0], std::byte{1}) << "not 2";
  EXPECT_EQ(rig.world.violations().size(), 1u);
}

TEST(SimQueue, reports_with_each_end_or_with_each_flush) {
  for (const bool alone : {true, false}) {
    Rig rig{{.report_alone = alone ? 1.0 : 0.0}};
    Lane gpu{rig.world, rig.gpu0(), QueueId{1}};
    const auto bytes = gpu.allocate(16);
    for (int i = 0; i < 3; ++i) gpu.zero_out(whole(*bytes));
    gpu.flush();
    for (int i = 0; i < 2; ++i) gpu.zero_out(whole(*bytes));
    gpu.flush();
    rig.world.run_until_idle();
    const auto all = std::vector<std::uint64_t>{1, 2, 3, 4, 5};
    EXPECT_EQ(values(gpu.listener), alone ? all : (std::vector<std::uint64_t>{3, 5}));
    const auto& last = gpu.listener.seen.back().measured;
    ASSERT_EQ(last.size(), alone ? 1u : 2u);
    EXPECT_EQ(last.back().value, 5u);
    EXPECT_EQ(last.back().begin, 40 * us);
    EXPECT_EQ(last.back().end, 50 * us);
  }
}

TEST(SimQueue, is_full_at_its_capacity_and_has_room_again_after_a_report) {
  Machine machine = small_machine();
  machine.devices[1].queue_capacity = 3;
  Rig rig{{}, {}, machine};
  Lane gpu{rig.world, rig.gpu0(), QueueId{1}};
  EXPECT_EQ(gpu.queue->capacity(), 3u);
  const auto bytes = gpu.allocate(16);
  for (int i = 0; i < 3; ++i) gpu.zero_out(whole(*bytes));
  EXPECT_EQ(gpu.launch(*gpu.zero_kernel, {whole(*bytes)}).status().code(), Code::exhausted);
  gpu.flush();
  rig.world.run_until_idle();
  EXPECT_EQ(gpu.zero_out(whole(*bytes)).value, 4u) << "a refused verb takes no number";
  gpu.flush();
  rig.world.run_until_idle();
  EXPECT_TRUE(rig.world.violations().empty());
}

TEST(SimQueue, refuses_what_cannot_be) {
  Rig rig;
  Lane host{rig.world, rig.host(), QueueId{0}}, gpu{rig.world, rig.gpu1(), QueueId{1}};
  const auto here = host.allocate(64);
  const auto there = gpu.allocate(64);
  const auto code = [](const Result<Timepoint>& result) { return result.status().code(); };
  EXPECT_EQ(code(gpu.queue->copy({part(*here, 32, 33), part(*there, 0, 33)})), Code::out_of_range);
  EXPECT_EQ(code(gpu.queue->copy({{here.get(), 0, 8, 9, 8}, {there.get(), 0, 8, 9, 8}})),
            Code::out_of_range);
  EXPECT_EQ(code(gpu.queue->copy({{here.get(), 0, 8, 2, 4}, {there.get(), 0, 8, 2, 8}})),
            Code::invalid_argument);
  EXPECT_EQ(code(gpu.queue->copy({part(*here, 0, 8), part(*there, 0, 4)})), Code::invalid_argument);
  EXPECT_EQ(code(host.queue->copy({whole(*here), whole(*there)})), Code::unsupported);
  EXPECT_EQ(code(gpu.queue->fill({part(*there, 0, 3), Scalar::of<std::int16_t>(1)})),
            Code::invalid_argument);
  EXPECT_EQ(code(gpu.launch(*gpu.zero_kernel, {})), Code::invalid_argument);
  EXPECT_EQ(code(gpu.launch(*gpu.zero_kernel, {Span2D{}})), Code::invalid_argument);
  const auto wants_int =
      std::move(*rig.gpu1().load(image("int", {{false, Type::i32, Access::read}}, touch_nothing)));
  const std::vector<KernelArg> a_float{{{}, Scalar::of(1.0F)}};
  EXPECT_EQ(code(gpu.queue->launch({wants_int.get(), a_float, {}, nullptr})),
            Code::invalid_argument);
  EXPECT_EQ(code(gpu.launch(*host.zero_kernel, {whole(*there)})), Code::invalid_argument);
  EXPECT_EQ(rig.gpu0().create_queue(QueueId{5}, QueueUse::compute, 1, gpu.listener).status().code(),
            Code::out_of_range);
  EXPECT_EQ(rig.host().create_queue(QueueId{5}, QueueUse::copy, 0, gpu.listener).status().code(),
            Code::unsupported);
  auto ptx = image("x", {}, touch_nothing);
  ptx.dialect = Dialect::ptx;
  EXPECT_EQ(rig.gpu0().load(ptx).status().code(), Code::unsupported);
  EXPECT_EQ(rig.gpu0().load(image("x", {}, nullptr)).status().code(), Code::kernel_failed);
  EXPECT_TRUE(rig.world.violations().empty());
}

TEST(SimQueue, a_throwing_kernel_fails_with_what_it_threw_and_the_queue_goes_on) {
  Rig rig;
  Lane gpu{rig.world, rig.gpu0(), QueueId{1}};
  const auto bytes = gpu.allocate(16);
  const auto thrower = std::move(
      *rig.gpu0().load(image("thrower", {buffer(Access::write)}, [](const void*, const HostCall&) {
        throw std::runtime_error{"no luck"};
      })));
  ASSERT_TRUE(gpu.launch(*thrower, {whole(*bytes)}).ok());
  gpu.zero_out(whole(*bytes));
  gpu.flush();
  rig.world.run_until_idle();
  ASSERT_EQ(gpu.listener.seen.size(), 2u);
  EXPECT_EQ(gpu.listener.seen[0].code, Code::kernel_failed);
  EXPECT_FALSE(gpu.listener.seen[0].lost);
  EXPECT_NE(gpu.listener.messages[0].find("no luck"), std::string::npos);
  EXPECT_EQ(gpu.listener.seen[1].code, Code::ok);
}

TEST(SimQueue, an_abandoned_queue_reports_nothing_more) {
  Rig rig;
  Lane gpu{rig.world, rig.gpu0(), QueueId{1}};
  auto bytes = gpu.allocate(16);
  gpu.zero_out(whole(*bytes));
  gpu.flush();
  rig.world.run_until(5 * us);
  gpu.queue->abandon();
  EXPECT_EQ(gpu.queue->flush().code(), Code::device_lost);
  rig.world.run_until_idle();
  EXPECT_TRUE(gpu.listener.seen.empty());
  EXPECT_TRUE(rig.world.violations().empty());
  static_cast<void>(bytes.release());  // what an abandoned queue may touch is never freed
}

TEST(SimQueue, an_abandoned_queue_tells_what_it_has_begun_and_lets_go_of_the_rest) {
  Rig rig;
  Lane gpu{rig.world, rig.gpu0(), QueueId{1}};
  auto touched = gpu.allocate(16), spared = gpu.allocate(16);
  gpu.zero_out(whole(*touched));
  gpu.zero_out(whole(*spared));
  gpu.flush();
  rig.world.run_until(5 * us);
  EXPECT_EQ(gpu.queue->abandon(), (Timepoint{QueueId{1}, 1}));
  rig.world.run_until_idle();
  EXPECT_EQ(gpu.queue->abandon(), (Timepoint{QueueId{1}, 1}));
  for (const TraceEvent& event : rig.world.trace()) EXPECT_LE(event.value, 1u);
  spared.reset();
  EXPECT_TRUE(rig.world.violations().empty());
  touched.reset();
  EXPECT_FALSE(rig.world.violations().empty()) << "it may still be touched";
}

TEST(SimQueue, an_abandoned_queue_that_recalls_nothing_goes_on_to_its_end) {
  Machine machine = small_machine();
  machine.devices[1].recalls = false;
  Rig rig{{}, {}, machine};
  Lane gpu{rig.world, rig.gpu0(), QueueId{1}};
  auto bytes = gpu.allocate(16);
  for (int i = 0; i < 3; ++i) gpu.zero_out(whole(*bytes));
  gpu.flush();
  rig.world.run_until(5 * us);
  EXPECT_EQ(gpu.queue->abandon(), (Timepoint{QueueId{1}, 3}));
  rig.world.run_until_idle();
  EXPECT_EQ(rig.world.now(), 30 * us);
  EXPECT_TRUE(gpu.listener.seen.empty());
  static_cast<void>(bytes.release());
}

TEST(SimQueue, what_has_begun_and_was_not_told_is_damaged_once_its_queue_is_abandoned) {
  for (const Nanos when : {5 * us, 15 * us}) {  // it runs; it has ended, and no report has told
    Rig rig{{.report_alone = 0}};
    Lane a{rig.world, rig.gpu0(), QueueId{1}}, b{rig.world, rig.gpu0(), QueueId{2}};
    auto begun = a.allocate(16);
    const auto other = a.allocate(16);
    b.zero_out(whole(*other));
    b.flush();
    rig.world.run_until_idle();
    const Nanos start = rig.world.now();
    a.zero_out(whole(*begun));
    a.zero_out(whole(*begun));
    a.update(whole(*other));
    a.flush();
    rig.world.run_until(start + when);
    EXPECT_EQ(a.queue->abandon().value, when == 5 * us ? 1u : 2u);
    rig.world.run_until_idle();
    b.read(whole(*other));
    b.flush();
    rig.world.run_until_idle();
    EXPECT_TRUE(rig.world.violations().empty()) << "it never began, so it did no harm";
    b.read(whole(*begun));
    b.flush();
    rig.world.run_until_idle();
    EXPECT_TRUE(only_violation(rig.world, "a failure it was told of has damaged"));
    static_cast<void>(begun.release());
  }
}

TEST(Hold, keeps_a_device_busy_until_it_is_released) {
  Rig rig;
  Lane gpu{rig.world, rig.gpu0(), QueueId{1}};
  const auto hold = std::make_shared<Hold>(rig.world);
  const auto kernel = std::move(*rig.gpu0().load(Hold::image(hold)));
  ASSERT_TRUE(gpu.launch(*kernel, {}).ok());
  gpu.flush();
  rig.world.run_until(5'000 * us);
  EXPECT_TRUE(hold->holds());
  EXPECT_TRUE(gpu.listener.seen.empty());
  hold->release();
  rig.world.run_until_idle();
  ASSERT_EQ(gpu.listener.seen.size(), 1u);
  EXPECT_EQ(gpu.listener.seen[0].at, 5'000 * us);
}

TEST(WorldOptions, without_contents_only_time_passes) {
  Rig rig{{.contents = false}};
  Lane host{rig.world, rig.host(), QueueId{0}};
  const auto bytes = host.allocate(16);
  bytes->host()[0] = std::byte{42};
  host.zero_out(whole(*bytes));
  host.flush();
  rig.world.run_until_idle();
  EXPECT_EQ(host.listener.seen.size(), 1u);
  EXPECT_EQ(rig.world.now(), 10 * us);
  EXPECT_EQ(bytes->host()[0], std::byte{42});
  EXPECT_TRUE(rig.host().load(image("cost only", {}, nullptr)).ok());
}

}  // namespace
}  // namespace troika::sim
