// What the suite demands of a queue's operations.
#include <numeric>

#include "tests/conformance/check.h"

using namespace troika;
using namespace troika::conformance;

TROIKA_PROVE(queue, fill_repeats_its_value) {
  Stream& queue = stream();
  Allocation& bytes = allocate(4 * 100);
  write(queue, bytes, std::vector<std::uint32_t>(100, 5));
  ASSERT_TRUE(arrives(queue, queue->fill({row(bytes, 40, 200), Scalar::of(0x01020304U)})));
  std::vector<std::uint32_t> expected(100, 5);
  std::fill_n(expected.begin() + 10, 50, 0x01020304U);
  EXPECT_EQ(read<std::uint32_t>(queue, bytes, 100), expected);
}

TROIKA_PROVE(queue, fill_of_rows_leaves_the_bytes_between_them) {
  Stream& queue = stream();
  Allocation& bytes = allocate(100);
  write(queue, bytes, std::vector<std::uint8_t>(100, 1));
  ASSERT_TRUE(arrives(queue, queue->fill({{&bytes, 11, 5, 4, 20}, Scalar::of<std::uint8_t>(200)})));
  std::vector<std::uint8_t> expected(100, 1);
  for (std::size_t r = 0; r < 4; ++r)
    for (std::size_t c = 0; c < 5; ++c) expected[11 + r * 20 + c] = 200;
  EXPECT_EQ(read<std::uint8_t>(queue, bytes, 100), expected);
}

TROIKA_PROVE(queue, fill_takes_values_of_every_size_in_a_row_and_in_rows) {
  Stream& queue = stream();
  const auto check = [&]<class T>(T value) {
    constexpr std::size_t pitch = 16;  // in values
    Allocation& bytes = allocate(8 * pitch * sizeof(T));
    std::vector<T> expected(8 * pitch, T{7});
    write(queue, bytes, expected);
    constexpr std::size_t size = sizeof(T);
    ASSERT_TRUE(queue->fill({row(bytes, 3 * size, 5 * size), Scalar::of(value)}).ok());
    ASSERT_TRUE(
        arrives(queue, queue->fill({{&bytes, (2 * pitch + 4) * size, 9 * size, 5, pitch * size},
                                    Scalar::of(value)})));
    std::fill_n(expected.begin() + 3, 5, value);
    for (std::size_t r = 2; r < 7; ++r)
      std::fill_n(expected.begin() + static_cast<std::ptrdiff_t>(r * pitch + 4), 9, value);
    EXPECT_EQ(read<T>(queue, bytes, 8 * pitch), expected) << size << " bytes";
  };
  check(std::uint8_t{0x12});
  check(std::uint16_t{0x1234});
  check(std::uint32_t{0x12345678});
  check(std::uint64_t{0x123456789ABCDEF0});
}

TROIKA_PROVE(queue, copies_rows_with_different_pitches) {
  Stream& queue = stream();
  Allocation& from = allocate(400);
  Allocation& to = allocate(500);
  std::vector<std::uint8_t> source(400);
  std::iota(source.begin(), source.end(), std::uint8_t{0});
  std::vector<std::uint8_t> expected(500, 99);
  write(queue, from, source);
  write(queue, to, expected);
  ASSERT_TRUE(arrives(queue, queue->copy({{&from, 3, 13, 7, 50}, {&to, 17, 13, 7, 61}})));
  for (std::size_t r = 0; r < 7; ++r)
    for (std::size_t c = 0; c < 13; ++c) expected[17 + r * 61 + c] = source[3 + r * 50 + c];
  EXPECT_EQ(read<std::uint8_t>(queue, to, 500), expected);
}

TROIKA_PROVE(queue, a_copy_that_does_not_fit_is_refused_and_enqueues_nothing) {
  Stream& queue = stream();
  Allocation& small = allocate(64);
  Allocation& large = allocate(128);
  const auto before = queue->fill({row(small, 0, 64), Scalar::of<std::uint8_t>(1)});
  ASSERT_TRUE(before.ok());
  EXPECT_EQ(queue->copy({row(large, 0, 128), row(small, 0, 128)}).status().code(),
            Code::out_of_range);
  EXPECT_EQ(queue->copy({row(large, 0, 32), row(small, 0, 16)}).status().code(),
            Code::invalid_argument);
  EXPECT_EQ(queue->fill({row(small, 60, 8), Scalar::of<std::uint8_t>(1)}).status().code(),
            Code::out_of_range);
  EXPECT_EQ(queue->fill({row(small, 0, 6), Scalar::of(1.0F)}).status().code(),
            Code::invalid_argument);
  const auto after = queue->fill({row(small, 0, 64), Scalar::of<std::uint8_t>(2)});
  ASSERT_TRUE(after.ok());
  EXPECT_EQ(after->value, before->value + 1);
  EXPECT_TRUE(arrives(queue, after));
}

TROIKA_PROVE(queue, operations_take_effect_in_order) {
  Stream& queue = stream();
  TROIKA_NEED(LoadedKernel * mix, kernel(SuiteKernel::mix));
  Allocation& x = allocate(4 * 64);
  Allocation& y = allocate(4 * 64);
  std::uint32_t expected = 1;
  ASSERT_TRUE(queue->fill({row(x, 0, 256), Scalar::of(expected)}).ok());
  Result<Timepoint> last = Timepoint{};
  for (std::uint32_t i = 0; i < 40; ++i) {
    last = queue->launch(launch_of(mix, {arg(x), arg(3U), arg(i), arg(std::int32_t{64})}, 64));
    ASSERT_TRUE(last.ok()) << last.status().to_string();
    expected = expected * 3 + i;
    // Back and forth: each copy needs the launch before it, each launch the copy.
    ASSERT_TRUE(queue->copy({row(x, 0, 256), row(y, 0, 256)}).ok());
    ASSERT_TRUE(queue->fill({row(x, 0, 256), Scalar::of(0U)}).ok());
    last = queue->copy({row(y, 0, 256), row(x, 0, 256)});
  }
  ASSERT_TRUE(arrives(queue, last));
  EXPECT_EQ(read<std::uint32_t>(queue, x, 64), std::vector<std::uint32_t>(64, expected));
}

TROIKA_PROVE(queue, arguments_are_copied_before_a_verb_returns) {
  Stream& queue = stream();
  TROIKA_NEED(LoadedKernel * mix, kernel(SuiteKernel::mix));
  TROIKA_NEED(Gate * held, gate());
  Allocation& x = allocate(4 * 16);
  write(queue, x, std::vector<std::uint32_t>(16, 10));
  ASSERT_TRUE(held->hold(*queue.queue).ok());
  auto args = std::make_unique<std::vector<KernelArg>>(
      std::vector<KernelArg>{arg(x), arg(2U), arg(1U), arg(std::int32_t{16})});
  const auto done = queue->launch(launch_of(mix, *args, 16));
  (*args)[1] = arg(1000U);
  args.reset();
  open(*held);
  ASSERT_TRUE(arrives(queue, done));
  EXPECT_EQ(read<std::uint32_t>(queue, x, 16), std::vector<std::uint32_t>(16, 21));
}

TROIKA_PROVE(queue, beyond_its_capacity_a_verb_is_exhausted_until_there_is_room) {
  Stream& queue = stream();
  TROIKA_NEED(Gate * held, gate());
  Allocation& x = allocate(64);
  Result<Timepoint> last = held->hold(*queue.queue);
  ASSERT_TRUE(last.ok());
  ASSERT_TRUE(queue->flush().ok());
  held->wait_until_held();
  for (std::size_t i = 1; i < queue->capacity(); ++i) {
    last = queue->fill({row(x, 0, 64), Scalar::of<std::uint8_t>(1)});
    ASSERT_TRUE(last.ok()) << i << ": " << last.status().to_string();
  }
  EXPECT_EQ(queue->fill({row(x, 0, 64), Scalar::of<std::uint8_t>(2)}).status().code(),
            Code::exhausted);
  open(*held);
  ASSERT_TRUE(arrives(queue, last));
  EXPECT_TRUE(arrives(queue, queue->fill({row(x, 0, 64), Scalar::of<std::uint8_t>(3)})));
  EXPECT_EQ(read<std::uint8_t>(queue, x, 64), std::vector<std::uint8_t>(64, 3));
}
