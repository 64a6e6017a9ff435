// What the suite demands of kernels and their arguments.
#include <numeric>

#include "tests/conformance/check.h"

using namespace troika;
using namespace troika::conformance;

TROIKA_PROVE(kernel, buffers_are_a_base_and_any_byte_offset) {
  Stream& queue = stream();
  TROIKA_NEED(LoadedKernel * add, kernel(SuiteKernel::add));
  Allocation& x = allocate(4 * 100);
  Allocation& y = allocate(4 * 100);
  std::vector<std::int32_t> values(100);
  std::iota(values.begin(), values.end(), 0);
  write(queue, x, values);
  std::vector<std::int32_t> expected(100, -1);
  write(queue, y, expected);
  ASSERT_TRUE(arrives(queue, queue->launch(launch_of(
                                 add, {arg(x, 4 * 3), arg(y, 4 * 7), arg(1000), arg(50)}, 50))));
  for (std::size_t i = 0; i < 50; ++i) expected[7 + i] = values[3 + i] + 1000;
  EXPECT_EQ(read<std::int32_t>(queue, y, 100), expected);
}

TROIKA_PROVE(kernel, two_arguments_may_lie_in_one_allocation) {
  Stream& queue = stream();
  TROIKA_NEED(LoadedKernel * add, kernel(SuiteKernel::add));
  Allocation& x = allocate(4 * 100);
  write(queue, x, std::vector<std::int32_t>(100, 4));
  ASSERT_TRUE(
      arrives(queue, queue->launch(launch_of(add, {arg(x), arg(x, 4 * 60), arg(1), arg(40)}, 40))));
  std::vector<std::int32_t> expected(100, 4);
  std::fill(expected.begin() + 60, expected.end(), 5);
  EXPECT_EQ(read<std::int32_t>(queue, x, 100), expected);
}

TROIKA_PROVE(kernel, runs_over_two_dimensions) {
  Stream& queue = stream();
  TROIKA_NEED(LoadedKernel * index, kernel(SuiteKernel::index2d));
  const std::int32_t width = 19;
  const std::int32_t height = 11;
  const std::int32_t pitch = 24;
  Allocation& y = allocate(4 * 24 * 11);
  std::vector<std::int32_t> expected(24 * 11, -7);
  write(queue, y, expected);
  ASSERT_TRUE(arrives(queue, queue->launch(launch_of(
                                 index, {arg(y), arg(width), arg(height), arg(pitch)}, 19, 11))));
  for (std::size_t r = 0; r < 11; ++r)
    for (std::size_t c = 0; c < 19; ++c)
      expected[r * 24 + c] = static_cast<std::int32_t>(r * 19 + c);
  EXPECT_EQ(read<std::int32_t>(queue, y, 24 * 11), expected);
}

TROIKA_PROVE(kernel, every_scalar_type_arrives) {
  Stream& queue = stream();
  TROIKA_NEED(LoadedKernel * scalars, kernel(SuiteKernel::scalars));
  Allocation& y = allocate(8 * 9);
  ASSERT_TRUE(arrives(
      queue, queue->launch(launch_of(
                 scalars, {arg(y), arg(std::uint8_t{250}), arg(std::int8_t{-100}),
                           arg(std::uint16_t{65'000}), arg(std::int16_t{-30'000}),
                           arg(std::int32_t{-2'000'000'000}), arg(std::uint32_t{4'000'000'000U}),
                           arg(std::int64_t{-9'000'000'000'000}), arg(std::uint64_t{1} << 62),
                           arg(2.25F)}))));
  EXPECT_EQ(read<std::int64_t>(queue, y, 9),
            (std::vector<std::int64_t>{250, -100, 65'000, -30'000, -2'000'000'000, 4'000'000'000,
                                       -9'000'000'000'000, std::int64_t{1} << 62, 9}));
}

TROIKA_PROVE(kernel, arguments_that_do_not_fit_are_refused) {
  Stream& queue = stream();
  TROIKA_NEED(LoadedKernel * mix, kernel(SuiteKernel::mix));
  Allocation& x = allocate(64);
  const auto refused = [&](const std::vector<KernelArg>& args) {
    return queue->launch(launch_of(mix, args)).status().code();
  };
  EXPECT_EQ(refused({arg(x), arg(1U), arg(1U)}), Code::invalid_argument);
  EXPECT_EQ(refused({arg(1U), arg(1U), arg(1U), arg(1)}), Code::invalid_argument);
  EXPECT_EQ(refused({arg(x), arg(x), arg(1U), arg(1)}), Code::invalid_argument);
  EXPECT_EQ(refused({arg(x), arg(1.0F), arg(1U), arg(1)}), Code::invalid_argument);
  EXPECT_EQ(refused({KernelArg{row(x, 32, 64), {}}, arg(1U), arg(1U), arg(1)}), Code::out_of_range);
}

TROIKA_PROVE(kernel, an_image_that_does_not_build_says_why) {
  TROIKA_NEED(const KernelImage broken, subject().image(SuiteKernel::broken));
  const auto loaded = device().load(broken);
  ASSERT_FALSE(loaded.ok());
  EXPECT_EQ(loaded.status().code(), Code::kernel_failed);
  EXPECT_NE(loaded.status().message().find(broken.operation), std::string_view::npos)
      << loaded.status().to_string();
}

TROIKA_PROVE(kernel, an_image_of_a_foreign_dialect_is_unsupported) {
  TROIKA_NEED(KernelImage image, subject().image(SuiteKernel::add));
  for (const Dialect dialect :
       {Dialect::host, Dialect::opencl_c, Dialect::ptx, Dialect::xclbin, Dialect::sim}) {
    const auto& takes = device().info().dialects;
    if (std::find(takes.begin(), takes.end(), dialect) != takes.end()) continue;
    image.dialect = dialect;
    EXPECT_EQ(device().load(image).status().code(), Code::unsupported) << name_of(dialect);
  }
}

TROIKA_PROVE(kernel, a_shape_can_be_prepared_ahead_of_its_launch) {
  Stream& queue = stream();
  TROIKA_NEED(LoadedKernel * mix, kernel(SuiteKernel::mix));
  ASSERT_TRUE(device().prepare(*mix, {{16, 1, 1}, {0, 0, 0}}).ok());
  Allocation& x = allocate(64);
  write(queue, x, std::vector<std::uint32_t>(16, 3));
  ASSERT_TRUE(arrives(
      queue, queue->launch(launch_of(mix, {arg(x), arg(2U), arg(1U), arg(std::int32_t{16})}, 16))));
  EXPECT_EQ(read<std::uint32_t>(queue, x, 16), std::vector<std::uint32_t>(16, 7));
}
