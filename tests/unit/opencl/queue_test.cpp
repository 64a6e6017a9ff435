#include <thread>

#include "tests/unit/opencl/fixture.h"

namespace troika {
namespace {

using testing::HasSubstr;

constexpr const char* add_code =
    "__kernel void add(__global int* p, ulong o, int n) {\n"
    "  __global int* v = (__global int*)((__global uchar*)p + o) + get_global_id(0);\n"
    "  *v = *v * 3 + n;\n"
    "}\n";
// Runs until the host lets it go: the flag lies in memory that both see.
constexpr const char* spin_code =
    "__kernel void spin(__global volatile int* flag, ulong o) { while (flag[0] == 0) {} }\n";

class OpenClQueue : public OpenClTest {
 protected:
  static KernelImage add_image() {
    return image("add", {buffer_param(Type::i32, Access::update), scalar_param(Type::i32)},
                 add_code);
  }
  static KernelImage spin_image() {
    return image("spin", {buffer_param(Type::i32, Access::read)}, spin_code);
  }
  static void release(const Allocation& flag) { std::atomic_ref<int>{*as<int>(flag)}.store(1); }
};

TEST_F(OpenClQueue, runs_kernels_in_order) {
  const auto add = load(add_image());
  const auto data = allocate(sizeof(int) * 256);
  std::memset(data->host(), 0, data->bytes());
  auto queue = create_queue();
  Timepoint last;
  unsigned expected = 0;
  for (int n = 1; n <= 20; ++n) {
    const KernelArg args[] = {buffer_arg(*data), scalar_arg(n)};
    last = *queue->launch({add.get(), args, {{256, 1, 1}, {}}, nullptr});
    expected = expected * 3 + static_cast<unsigned>(n);
  }
  EXPECT_EQ(last.value, 20U);
  finish(*queue, last);
  finish(*queue, *queue->hand_over({{data.get(), 0, data->bytes()}, Towards::host, false}));
  for (int i = 0; i < 256; ++i) ASSERT_EQ(static_cast<unsigned>(as<int>(*data)[i]), expected) << i;
  EXPECT_TRUE(reports.failures().empty());
}

TEST_F(OpenClQueue, passes_offsets_that_no_sub_buffer_could_have) {
  const auto add = load(image("put", {buffer_param(Type::u8, Access::update)},
                              "__kernel void put(__global uchar* p, ulong o) { p[o] = 7; }"));
  const auto data = allocate(1001);
  std::memset(data->host(), 0, data->bytes());
  auto queue = create_queue();
  Timepoint last;
  for (const std::size_t offset : {1, 333, 1000}) {
    const KernelArg args[] = {buffer_arg(*data, offset)};
    last = *queue->launch({add.get(), args, {}, nullptr});
  }
  finish(*queue, last);
  finish(*queue, *queue->hand_over({{data.get(), 0, 1001}, Towards::host, false}));
  for (std::size_t i = 0; i < 1001; ++i)
    ASSERT_EQ(as<std::uint8_t>(*data)[i], i == 1 || i == 333 || i == 1000 ? 7 : 0) << i;
}

TEST_F(OpenClQueue, verbs_return_and_abandon_silences_while_a_kernel_never_ends) {
  auto spin = load(spin_image());
  auto flag = allocate(sizeof(int));
  *as<int>(*flag) = 0;
  auto queue = create_queue();
  const KernelArg args[] = {buffer_arg(*flag)};
  ASSERT_TRUE(queue->launch({spin.get(), args, {}, nullptr}).ok());
  ASSERT_TRUE(queue->flush().ok());
  // Any of these would hang for ever if it waited for the kernel.
  std::size_t taken = 1;
  Status full;
  for (; full.ok(); ++taken) full = queue->launch({spin.get(), args, {}, nullptr}).status();
  EXPECT_EQ(full.code(), Code::exhausted);
  EXPECT_EQ(taken - 1, queue->capacity());
  EXPECT_TRUE(queue->flush().ok());
  EXPECT_EQ(queue->reached().value, 0U);
  EXPECT_EQ(reports.count(), 0U);
  queue->abandon();
  EXPECT_EQ(queue->launch({spin.get(), args, {}, nullptr}).status().code(), Code::device_lost);
  release(*flag);
  queue.reset();
  opened.devices.clear();
  EXPECT_EQ(reports.count(), 0U);
  // What the driver had begun may still run: its memory and kernel are left to it.
  static auto& left = *new std::vector<std::shared_ptr<void>>;
  left = {std::shared_ptr<void>{std::move(flag)}, std::shared_ptr<void>{std::move(spin)}};
}

TEST_F(OpenClQueue, a_refused_launch_is_one_failure_and_the_next_one_runs) {
  const auto add = load(add_image());
  const auto data = allocate(sizeof(int) * 100);
  std::memset(data->host(), 0, data->bytes());
  auto queue = create_queue();
  const KernelArg args[] = {buffer_arg(*data), scalar_arg(5)};
  const auto bad = queue->launch({add.get(), args, {{100, 1, 1}, {1U << 30U, 1, 1}}, nullptr});
  const auto good = queue->launch({add.get(), args, {{100, 1, 1}, {}}, nullptr});
  finish(*queue, *good);
  ASSERT_EQ(reports.failures().size(), 1U);
  EXPECT_EQ(reports.failures()[0].first, bad->value);
  EXPECT_EQ(reports.failures()[0].second.code(), Code::kernel_failed);
  EXPECT_THAT(reports.failures()[0].second.to_string(), HasSubstr("launch of add on "));
  finish(*queue, *queue->hand_over({{data.get(), 0, data->bytes()}, Towards::host, false}));
  EXPECT_EQ(as<int>(*data)[99], 5);
}

TEST_F(OpenClQueue, mistakes_are_found_before_anything_is_enqueued) {
  const auto add = load(add_image());
  const auto data = allocate(64);
  HostBytes foreign{64};
  auto queue = create_queue();
  const auto refuse = [&](std::vector<KernelArg> args, Code code, const char* why) {
    const auto status = queue->launch({add.get(), args, {}, nullptr}).status();
    EXPECT_EQ(status.code(), code);
    EXPECT_THAT(status.to_string(), HasSubstr(why));
  };
  refuse({buffer_arg(*data)}, Code::invalid_argument, "1 arguments for 2 parameters");
  refuse({scalar_arg(1), scalar_arg(1)}, Code::invalid_argument, "argument 0 must be a buffer");
  refuse({buffer_arg(*data), buffer_arg(*data)}, Code::invalid_argument,
         "argument 1 must be a scalar");
  refuse({buffer_arg(*data), scalar_arg(1.0F)}, Code::invalid_argument,
         "argument 1 is f32, not i32");
  refuse({buffer_arg(foreign), scalar_arg(1)}, Code::invalid_argument, "not one of ");
  KernelArg beyond = buffer_arg(*data);
  beyond.span.offset = 60;
  refuse({beyond, scalar_arg(1)}, Code::out_of_range, "ends beyond its allocation");
  EXPECT_EQ(queue->fill({{data.get(), 64, 4}, Scalar::of(1)}).status().code(), Code::out_of_range);
  EXPECT_EQ(queue->copy({{&foreign, 0, 4}, {&foreign, 8, 4}}).status().code(), Code::unsupported);
  EXPECT_EQ(queue->hand_over({{&foreign, 0, 4}, Towards::host, false}).status().code(),
            Code::invalid_argument);
  EXPECT_EQ(queue->fill({{data.get(), 0, 4}, Scalar::of(1)})->value, 1U);
  finish(*queue, {QueueId{0}, 1});
}

TEST_F(OpenClQueue, fills_and_copies_rectangles_at_any_offset) {
  const auto a = allocate(4096), b = allocate(4096);
  std::memset(a->host(), 0, 4096);
  std::memset(b->host(), 0, 4096);
  HostBytes host{4096};
  auto queue = create_queue();
  std::vector<std::uint8_t> expected_a(4096), expected_b(4096), expected_host(4096);
  const auto fill_rows = [](auto& bytes, std::size_t at, std::size_t rows, std::size_t pitch) {
    for (std::size_t r = 0; r < rows; ++r)
      for (std::size_t i = 0; i < 12; ++i)
        bytes[at + r * pitch + i] = static_cast<std::uint8_t>(0x11 * (i % 4 + 1));
  };
  const Scalar value = Scalar::of(std::uint32_t{0x44332211});
  ASSERT_TRUE(queue->fill({{a.get(), 8, 12, 5, 100}, value}).ok());     // aligned
  ASSERT_TRUE(queue->fill({{a.get(), 1003, 12, 5, 101}, value}).ok());  // unaligned
  fill_rows(expected_a, 8, 5, 100);
  fill_rows(expected_a, 1003, 5, 101);
  // Rows that cross a multiple of their pitch, between buffers and from and to plain host bytes.
  ASSERT_TRUE(queue->copy({{a.get(), 1003, 12, 5, 101}, {b.get(), 95, 12, 5, 100}}).ok());
  fill_rows(expected_b, 95, 5, 100);
  ASSERT_TRUE(queue->copy({{b.get(), 95, 12, 5, 100}, {&host, 7, 12, 5, 64}}).ok());
  fill_rows(expected_host, 7, 5, 64);
  const auto last = queue->copy({{&host, 7, 12, 5, 64}, {b.get(), 2001, 12, 5, 77}});
  ASSERT_TRUE(last.ok());
  fill_rows(expected_b, 2001, 5, 77);
  finish(*queue, *last);
  for (const auto* each : {a.get(), b.get()})
    finish(*queue, *queue->hand_over({{each, 0, 4096}, Towards::host, false}));
  EXPECT_TRUE(reports.failures().empty());
  EXPECT_EQ(std::memcmp(a->host(), expected_a.data(), 4096), 0);
  EXPECT_EQ(std::memcmp(b->host(), expected_b.data(), 4096), 0);
  EXPECT_EQ(std::memcmp(host.host(), expected_host.data(), 4096), 0);
}

TEST_F(OpenClQueue, a_hand_over_is_free_when_the_receiver_already_has_the_bytes) {
  const auto data = allocate(4096);
  auto queue = create_queue();
  const auto ask = [&](std::size_t offset, std::size_t bytes, Towards towards, bool write) {
    const auto point = queue->hand_over({{data.get(), offset, bytes}, towards, write});
    EXPECT_TRUE(point.ok()) << point.status().to_string();
    return point.ok() && point->value != 0;
  };
  EXPECT_FALSE(ask(0, 4096, Towards::device, true));  // the device has it from the start
  EXPECT_TRUE(ask(100, 200, Towards::host, false));
  EXPECT_FALSE(ask(150, 50, Towards::host, false));     // within what is mapped
  EXPECT_TRUE(ask(150, 50, Towards::host, true));       // but not for writing
  EXPECT_FALSE(ask(100, 200, Towards::host, true));     // the two were joined
  EXPECT_FALSE(ask(300, 100, Towards::device, false));  // touches nothing mapped
  EXPECT_TRUE(ask(299, 1, Towards::device, false));
  EXPECT_FALSE(ask(0, 4096, Towards::device, false));
  EXPECT_TRUE(ask(0, 10, Towards::host, true));  // left mapped: the buffer's end sees to it
  ASSERT_TRUE(queue->flush().ok());
  reports.wait({QueueId{0}, 4});
  EXPECT_TRUE(reports.failures().empty());
}

TEST_F(OpenClQueue, what_the_host_wrote_between_hand_overs_is_what_the_kernel_reads) {
  const auto add = load(add_image());
  const auto data = allocate(sizeof(int));
  auto queue = create_queue();
  unsigned expected = 0;
  for (int n = 1; n <= 10; ++n) {
    const auto mine = queue->hand_over({{data.get(), 0, 4}, Towards::host, true});
    finish(*queue, *mine);
    if (n > 1) {
      ASSERT_EQ(static_cast<unsigned>(*as<int>(*data)), expected);
    }
    *as<int>(*data) = n * 100;
    ASSERT_TRUE(queue->hand_over({{data.get(), 0, 4}, Towards::device, true}).ok());
    const KernelArg args[] = {buffer_arg(*data), scalar_arg(n)};
    finish(*queue, *queue->launch({add.get(), args, {}, nullptr}));
    expected = static_cast<unsigned>(n) * 301;
  }
}

TEST_F(OpenClQueue, every_launch_is_measured_on_the_environments_clock) {
  const auto add = load(add_image());
  const auto data = allocate(sizeof(int) * 4096);
  auto queue = create_queue();
  const KernelArg args[] = {buffer_arg(*data), scalar_arg(1)};
  const Nanos before = clock().now();
  Timepoint last;
  for (int batch = 0; batch < 5; ++batch) {
    for (int i = 0; i < 10; ++i)
      last = *queue->launch({add.get(), args, {{4096, 1, 1}, {}}, nullptr});
    finish(*queue, last);
  }
  const Nanos after = clock().now();
  const auto measured = reports.measured();
  ASSERT_EQ(measured.size(), 50U);
  for (std::size_t i = 0; i < measured.size(); ++i) {
    EXPECT_EQ(measured[i].value, i + 1);
    EXPECT_LE(measured[i].begin, measured[i].end);
    EXPECT_GE(measured[i].begin, before);
    EXPECT_LE(measured[i].end, after);
  }
}

// Each report costs a turn of the driver thread and of whoever listens.
TEST_F(OpenClQueue, a_batch_is_reported_once_and_a_long_one_in_few_parts) {
  const auto add = load(add_image());
  const auto data = allocate(sizeof(int));
  auto queue = create_queue();
  const KernelArg args[] = {buffer_arg(*data), scalar_arg(1)};
  Timepoint last;
  for (int i = 0; i < 20; ++i) last = *queue->launch({add.get(), args, {}, nullptr});
  finish(*queue, last);
  EXPECT_EQ(reports.count(), 1U);
  for (int i = 0; i < 100; ++i) last = *queue->launch({add.get(), args, {}, nullptr});
  finish(*queue, last);
  EXPECT_LE(reports.count(), 1U + 4U);
}

TEST_F(OpenClQueue, waits_for_another_queue_of_its_device) {
  const auto spin = load(spin_image());
  const auto add = load(add_image());
  const auto flag = allocate(sizeof(int)), data = allocate(sizeof(int));
  *as<int>(*flag) = 0;
  *as<int>(*data) = 0;
  auto first = create_queue();
  auto second = create_queue();
  const KernelArg spin_args[] = {buffer_arg(*flag)};
  ASSERT_TRUE(first->launch({spin.get(), spin_args, {}, nullptr}).ok());
  const KernelArg args[] = {buffer_arg(*data), scalar_arg(9)};
  const auto point = first->launch({add.get(), args, {}, nullptr});  // 0 -> 9, not flushed
  ASSERT_TRUE(second->wait_for(*point).ok());
  const auto last = second->launch({add.get(), args, {}, nullptr});  // 9 -> 36
  ASSERT_TRUE(second->flush().ok());
  release(*flag);
  reports.wait(*last);
  finish(*second, *second->hand_over({{data.get(), 0, 4}, Towards::host, false}));
  EXPECT_EQ(*as<int>(*data), 36);
  reports.wait(*point);
}

TEST_F(OpenClQueue, has_no_second_lane) {
  EXPECT_EQ(device->create_queue(QueueId{0}, QueueUse::compute, 1, reports).status().code(),
            Code::invalid_argument);
}

}  // namespace
}  // namespace troika
