// What the suite demands of a queue that copies beside a device's kernels.
#include "tests/conformance/check.h"

using namespace troika;
using namespace troika::conformance;

TROIKA_PROVE(copy_queue, is_there_if_and_only_if_the_device_says_so) {
  Recorder recorder;
  const auto made = device().create_queue(QueueId{77}, QueueUse::copy, 0, recorder);
  EXPECT_EQ(made.ok(), device().info().copy_queue) << made.status().to_string();
  if (!made.ok()) {
    EXPECT_EQ(made.status().code(), Code::unsupported);
  }
}

TROIKA_PROVE(copy_queue, takes_no_launch) {
  if (!device().info().copy_queue) GTEST_SKIP() << "unavailable: the device has no copy queue";
  Stream& copies = stream(0, QueueUse::copy);
  TROIKA_NEED(LoadedKernel * mix, kernel(SuiteKernel::mix));
  Allocation& x = allocate(64);
  const auto refused =
      copies->launch(launch_of(mix, {arg(x), arg(1U), arg(1U), arg(std::int32_t{16})}, 16));
  EXPECT_EQ(refused.status().code(), Code::unsupported);
}

// Each copy needs the launch before it, and each launch the copy before it.
TROIKA_PROVE(copy_queue, and_a_compute_queue_wait_for_each_other) {
  if (!device().info().copy_queue) GTEST_SKIP() << "unavailable: the device has no copy queue";
  constexpr std::size_t words = 20'000, bytes = 4 * words;
  constexpr std::uint32_t rounds = 30;
  const auto n = static_cast<std::int32_t>(words);
  Stream& kernels = stream();
  Stream& copies = stream(0, QueueUse::copy);
  TROIKA_NEED(LoadedKernel * mix, kernel(SuiteKernel::mix));
  Allocation& x = allocate(bytes);
  Allocation& y = allocate(bytes);
  HostBytes host{bytes};
  std::uint32_t expected = 0;
  ASSERT_TRUE(copies->copy({row(host, 0, bytes), row(x, 0, bytes)}).ok());
  Result<Timepoint> copied = copies->copy({row(host, 0, bytes), row(y, 0, bytes)});
  for (std::uint32_t i = 0; i < rounds; ++i) {
    Allocation& from = i % 2 == 0 ? x : y;
    Allocation& to = i % 2 == 0 ? y : x;
    ASSERT_TRUE(copied.ok()) << copied.status().to_string();
    ASSERT_TRUE(kernels->wait_for(*copied).ok());
    const auto done = kernels->launch(launch_of(mix, {arg(from), arg(3U), arg(i), arg(n)}, words));
    expected = expected * 3 + i;
    ASSERT_TRUE(done.ok()) << done.status().to_string();
    ASSERT_TRUE(kernels->flush().ok());
    ASSERT_TRUE(copies->wait_for(*done).ok());
    // Through the host, and back to where the next launch works.
    ASSERT_TRUE(copies->copy({row(from, 0, bytes), row(host, 0, bytes)}).ok());
    copied = copies->copy({row(host, 0, bytes), row(to, 0, bytes)});
    ASSERT_TRUE(copies->flush().ok());
  }
  ASSERT_TRUE(arrives(copies, copied));
  EXPECT_EQ(read<std::uint32_t>(copies, rounds % 2 == 0 ? x : y, words),
            std::vector<std::uint32_t>(words, expected));
}
