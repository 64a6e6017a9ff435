// Devices that are kept from sharing the host's memory, though their driver would let them.
#include <numeric>
#include <thread>

#include "tests/unit/opencl/fixture.h"

namespace troika {
namespace {

using testing::HasSubstr;

class OpenClSeparate : public OpenClTest {
 protected:
  OpenClSeparate() : OpenClTest{"memory=separate"} {}

  std::unique_ptr<Queue> create_copy_queue() {
    auto queue = device->create_queue(QueueId{90}, QueueUse::copy, 0, reports);
    EXPECT_TRUE(queue.ok()) << queue.status().to_string();
    return *std::move(queue);
  }
  // PoCL's basic device has no thread at all, and the user may have left the other one only one.
  bool copies_while_it_spins() const {
    const std::string& is = device->info().description;
    const char* const threads = std::getenv("POCL_MAX_PTHREAD_COUNT");
    return device->info().name == "pocl0" && (is.starts_with("pthread") || is.starts_with("cpu")) &&
           threads != nullptr && std::atoi(threads) >= 2;
  }
  static Span2D whole(const Allocation& in) { return {&in, 0, in.bytes(), 1, 0}; }
  void put(Queue& queue, const HostBytes& from, const Allocation& to) {
    finish(queue, *queue.copy({whole(from), whole(to)}));
  }
  std::vector<std::uint8_t> bytes_of(Queue& queue, const Allocation& from) {
    const HostBytes host{from.bytes()};
    finish(queue, *queue.copy({whole(from), whole(host)}));
    const auto* const first = as<std::uint8_t>(host);
    return {first, first + from.bytes()};
  }
};

TEST_F(OpenClSeparate, memory_is_a_space_that_only_copies_reach) {
  const DeviceInfo& info = device->info();
  EXPECT_NE(info.space, host_space);
  EXPECT_EQ(device->memory().space(), info.space);
  EXPECT_TRUE(info.copy_queue);
  EXPECT_FALSE(info.needs_hand_over);
  ASSERT_EQ(info.links.size(), 2U);
  EXPECT_EQ(info.links[0].from, host_space);
  EXPECT_EQ(info.links[0].to, info.space);
  EXPECT_EQ(info.links[1].from, info.space);
  EXPECT_EQ(info.links[1].to, host_space);
  const auto bytes = allocate(100);
  EXPECT_EQ(bytes->space(), info.space);
  EXPECT_EQ(bytes->host(), nullptr);
  HostBytes host{4096};
  EXPECT_EQ(device->memory().attach(host).status().code(), Code::unsupported);
  EXPECT_EQ(device->memory().attach(*bytes).status().code(), Code::unsupported);
  EXPECT_EQ(device->memory().adopt({host.host(), 4096}).status().code(), Code::unsupported);
  EXPECT_TRUE(device->memory().pin({host.host(), 4096}).ok());
}

TEST_F(OpenClSeparate, memory_counts_its_bytes_and_says_what_is_free) {
  Memory& memory = device->memory();
  const std::size_t before = memory.bytes_free();
  {
    const auto some = allocate(10'001);
    EXPECT_EQ(memory.bytes_free(), before - 10'001);
  }
  EXPECT_EQ(memory.bytes_free(), before);
  const std::string refused = memory.allocate({before + 1}).status().to_string();
  EXPECT_THAT(refused, HasSubstr("out_of_memory: "));
  EXPECT_THAT(refused,
              HasSubstr("allocation of " + std::to_string(before + 1) + " bytes on " +
                        device->info().name + " (" + std::to_string(before) + " bytes free)"));
  EXPECT_EQ(memory.bytes_free(), before);
  EXPECT_EQ(memory.allocate({0}).status().code(), Code::invalid_argument);
  EXPECT_EQ(memory.allocate({64, 3}).status().code(), Code::invalid_argument);
}

// To the device, within it, and back, in rows whose offsets and pitches have nothing in common.
TEST_F(OpenClSeparate, memory_is_filled_and_copied_in_rectangles_at_any_offset) {
  constexpr std::size_t bytes = 5000;
  struct Case {
    std::size_t from, from_pitch, to, to_pitch, row_bytes, rows;
  };
  const Case cases[] = {
      {0, 0, 0, 0, 5000, 1},       // whole
      {17, 0, 1203, 0, 333, 1},    // a row
      {40, 100, 260, 130, 12, 7},  // rows within their pitches
      {95, 100, 777, 64, 12, 5},   // rows that cross multiples of the pitch they come from
      {3, 50, 1975, 99, 31, 9},    // and of the one they go to
      {10, 60, 1000, 60, 60, 20},  // rows that touch on both sides
      {10, 60, 1000, 75, 60, 20},  // and on one alone
  };
  HostBytes source{bytes};
  for (std::size_t i = 0; i < bytes; ++i)
    as<std::uint8_t>(source)[i] = static_cast<std::uint8_t>(i * 7 + i / 251);
  auto queue = create_queue();
  for (const Case& c : cases) {
    SCOPED_TRACE(c.from);
    const auto a = allocate(bytes), b = allocate(bytes);
    HostBytes target{bytes}, blank{bytes};
    for (const Allocation* const each : {a.get(), b.get()}) put(*queue, blank, *each);
    const auto at = [&](const Allocation& in, bool moved) {
      return Span2D{&in, moved ? c.to : c.from, c.row_bytes, c.rows,
                    moved ? c.to_pitch : c.from_pitch};
    };
    // Out of place on the way in, back on the way within, out of place on the way out.
    ASSERT_TRUE(queue->copy({at(source, false), at(*a, true)}).ok());
    ASSERT_TRUE(queue->copy({at(*a, true), at(*b, false)}).ok());
    const auto last = queue->copy({at(*b, false), at(target, true)});
    finish(*queue, *last);
    std::vector<std::uint8_t> within(bytes), out(bytes);
    for (std::size_t r = 0; r < c.rows; ++r) {
      const auto* const row = as<std::uint8_t>(source) + c.from + r * c.from_pitch;
      std::copy_n(row, c.row_bytes,
                  within.begin() + static_cast<std::ptrdiff_t>(c.from + r * c.from_pitch));
      std::copy_n(row, c.row_bytes,
                  out.begin() + static_cast<std::ptrdiff_t>(c.to + r * c.to_pitch));
    }
    EXPECT_EQ(bytes_of(*queue, *a), out);
    EXPECT_EQ(bytes_of(*queue, *b), within);
    EXPECT_EQ(std::memcmp(target.host(), out.data(), bytes), 0);
  }
  EXPECT_TRUE(reports.failures().empty());
}

TEST_F(OpenClSeparate, memory_is_filled_in_rows_aligned_or_not) {
  const auto data = allocate(4096);
  auto queue = create_queue();
  put(*queue, HostBytes{4096}, *data);
  const Scalar value = Scalar::of(std::uint32_t{0x44332211});
  std::vector<std::uint8_t> expected(4096);
  const auto fill = [&](std::size_t at, std::size_t row_bytes, std::size_t rows,
                        std::size_t pitch) {
    ASSERT_TRUE(queue->fill({{data.get(), at, row_bytes, rows, pitch}, value}).ok());
    for (std::size_t r = 0; r < rows; ++r)
      for (std::size_t i = 0; i < row_bytes; ++i)
        expected[at + r * pitch + i] = static_cast<std::uint8_t>(0x11 * (i % 4 + 1));
  };
  fill(8, 12, 5, 100);
  fill(1003, 12, 5, 101);
  fill(2000, 40, 6, 40);  // rows that touch
  fill(3001, 40, 6, 40);
  EXPECT_EQ(bytes_of(*queue, *data), expected);
  EXPECT_TRUE(reports.failures().empty());
}

TEST_F(OpenClSeparate, hand_overs_are_free) {
  const auto data = allocate(64);
  auto queue = create_queue();
  for (const Towards towards : {Towards::host, Towards::device})
    EXPECT_EQ(queue->hand_over({whole(*data), towards, true})->value, 0U);
}

TEST_F(OpenClSeparate, a_copy_queue_works_while_a_kernel_does) {
  if (!copies_while_it_spins())
    GTEST_SKIP() << "unavailable: needs PoCL with two threads, one to copy while one spins";
  // PoCL's kernels run in this process: the flag is the host's, whatever memory the device has.
  auto spin = load(image("spin", {scalar_param(Type::u64)},
                         "__kernel void spin(ulong at) {\n"
                         "  __global volatile int* flag = (__global volatile int*)at;\n"
                         "  flag[1] = 1;\n"
                         "  while (flag[0] == 0) {}\n"
                         "}\n"));
  HostBytes flag{64};
  const auto word = [&](int i) { return std::atomic_ref<int>{as<int>(flag)[i]}; };
  const auto data = allocate(4096);
  HostBytes from{4096};
  std::memset(from.host(), 5, 4096);
  auto kernels = create_queue();
  auto copies = create_copy_queue();
  const KernelArg args[] = {scalar_arg(reinterpret_cast<std::uint64_t>(flag.host()))};
  const auto held = kernels->launch({spin.get(), args, {}, nullptr});
  ASSERT_TRUE(kernels->flush().ok());
  while (word(1).load() == 0) std::this_thread::yield();
  put(*copies, from, *data);
  EXPECT_EQ(kernels->reached().value, 0U);
  EXPECT_EQ(bytes_of(*copies, *data), std::vector<std::uint8_t>(4096, 5));
  // And waits for it where it is told to.
  HostBytes late{4096};
  ASSERT_TRUE(copies->wait_for(*held).ok());
  const auto behind = copies->copy({whole(*data), whole(late)});
  ASSERT_TRUE(copies->flush().ok());
  word(0).store(1);
  reports.wait(*behind);
  finish(*kernels, *held);
  EXPECT_EQ(kernels->reached(), *held);
}

TEST_F(OpenClSeparate, mistakes_are_found_before_anything_is_enqueued) {
  const auto data = allocate(64);
  HostBytes host{64};
  auto queue = create_queue();
  EXPECT_EQ(queue->copy({whole(host), {&host, 0, 64}}).status().code(), Code::unsupported);
  EXPECT_EQ(queue->copy({{&host, 0, 64}, {data.get(), 1, 64}}).status().code(), Code::out_of_range);
  EXPECT_EQ(queue->fill({{&host, 0, 4}, Scalar::of(1)}).status().code(), Code::invalid_argument);
  EXPECT_EQ(queue->hand_over({whole(host), Towards::host, true}).status().code(),
            Code::invalid_argument);
  // Another device's memory that the host cannot see.
  auto others = open_opencl(clock(), "memory=separate");
  ASSERT_TRUE(others.ok());
  const auto strange = *others->devices.front()->memory().allocate({64});
  EXPECT_EQ(queue->copy({whole(*strange), whole(*data)}).status().code(), Code::unsupported);
  EXPECT_EQ(queue->copy({whole(*strange), whole(host)}).status().code(), Code::unsupported);
  EXPECT_EQ(queue->fill({whole(*data), Scalar::of(1)})->value, 1U);
  finish(*queue, {QueueId{0}, 1});
}

}  // namespace
}  // namespace troika
