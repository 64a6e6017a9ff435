// What becomes of a launch, a copy or a device that fails.
#include <atomic>
#include <cstdlib>
#include <thread>

#include "tests/unit/xrt/fixture.h"

namespace troika::xrt {
namespace {

using testing::HasSubstr;

constexpr int n = 1000;

class XrtFaults : public XrtDeviceTest {
 protected:
  void open_with(const char* faults) {
    suffer(faults);
    open(image_option("suite"));
    auto loaded = load("suite_mix", "b444");
    ASSERT_TRUE(loaded.ok());
    mix_kernel = *std::move(loaded);
    x = allocate(n);
  }

  std::unique_ptr<LoadedKernel> mix_kernel;
  std::unique_ptr<Allocation> x;
};

TEST_F(XrtFaults, an_error_of_ERTs_is_the_launchs_and_the_unit_goes_on) {
  open_with("error@1");
  fill(*x, 1);
  arrive(*queue, mix(*queue, *mix_kernel, *x, 2, 0, n));
  EXPECT_THAT(failure(),
              HasSubstr("kernel_failed: launch of suite_mix on xrt0: ERT_CMD_STATE_ERROR"));
  arrive(*queue, mix(*queue, *mix_kernel, *x, 2, 0, n));
  EXPECT_EQ(word(*x, 0), 2);
  EXPECT_EQ(reports.failures().size(), 1U);
}

TEST_F(XrtFaults, a_card_that_is_gone_is_reported_as_lost) {
  open_with("lost@2");
  fill(*x, 1);
  arrive(*queue, mix(*queue, *mix_kernel, *x, 2, 0, n));
  arrive(*queue, mix(*queue, *mix_kernel, *x, 2, 0, n));
  reports.wait_until_lost();
  EXPECT_THAT(reports.failures().back().second.to_string(), HasSubstr("device_lost"));
}

TEST_F(XrtFaults, a_copy_that_fails_fails_alone) {
  open_with("short_dma@2");
  fill(*x, 1);
  arrive(*queue, queue->fill({{x.get(), 0, x->bytes()}, Scalar::of(7)}));
  EXPECT_THAT(failure(), HasSubstr("kernel_failed: a copy to the device on xrt0"));
  fill(*x, 3);
  EXPECT_EQ(word(*x, n - 1), 3);
}

TEST_F(XrtFaults, a_bank_without_room_is_out_of_memory_and_named) {
  open_with("no_memory");
  arrive(*queue, mix(*queue, *mix_kernel, *x, 2, 0, n));
  EXPECT_THAT(failure(), HasSubstr("out_of_memory: launch of suite_mix: bank DDR[0]: "));
}

// The vendor's own threads wait for that run when a process ends: this one ends without them.
TEST_F(XrtFaults, a_run_that_never_ends_holds_up_neither_the_queue_nor_its_end) {
  const auto scenario = [&] {
    open_with("hang@1");
    ASSERT_TRUE(mix(*queue, *mix_kernel, *x, 2, 0, n).ok());
    const auto behind = mix(*queue, *mix_kernel, *x, 2, 0, n);
    const auto last = mix(*queue, *mix_kernel, *x, 2, 0, n);
    ASSERT_TRUE(behind.ok() && last.ok());
    ASSERT_TRUE(queue->flush().ok());
    // The other unit still works.
    const auto beside = make_queue(2);
    const auto y = allocate(n);
    arrive(*beside, beside->fill({{y.get(), 0, y->bytes()}, Scalar::of(3)}));
    arrive(*beside, mix(*beside, *mix_kernel, *y, 2, 0, n));
    const Timepoint begun = queue->abandon();
    EXPECT_LE(begun.value, behind->value) << "of what waits in the ring none has begun";
    queue.reset();
    queue = make_queue(3);
    EXPECT_EQ(word(*y, 0), 6);
  };
  const auto in_a_process_of_its_own = [&] {
    scenario();
    std::_Exit(HasFailure() ? 1 : 0);
  };
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(in_a_process_of_its_own(), testing::ExitedWithCode(0), "");
}

// As many as the pool of runs has, over and over: none goes before the vendor has called back.
TEST_F(XrtFaults, queues_that_are_given_up_at_work_leave_the_process_alive) {
  open_with("");
  for (std::uint32_t i = 0; i < 100; ++i) {
    auto given_up = make_queue(100 + i);
    for (int run = 0; run < 3; ++run) ASSERT_TRUE(mix(*given_up, *mix_kernel, *x, 1, 1, n).ok());
    ASSERT_TRUE(given_up->flush().ok());
    given_up->abandon();
  }
  fill(*x, 8);
  arrive(*queue, mix(*queue, *mix_kernel, *x, 1, 1, n));
  EXPECT_EQ(word(*x, 0), 9);
}

// Both units are at work for queues that are gone; what waits begins when they have ended.
TEST_F(XrtFaults, a_unit_that_a_queue_given_up_has_left_is_taken_again) {
  open_with("");
  KernelImage image;
  image.operation = image.entry = "suite_spin";
  image.dialect = Dialect::xclbin;
  image.params = {{false, Type::u64, Access::read}};
  const auto spin = device->load(image);
  ASSERT_TRUE(spin.ok()) << spin.status().to_string();
  HostBytes words{4096};
  const auto word_at = [&](std::size_t index) {
    return std::atomic_ref<int>{reinterpret_cast<int*>(words.host())[index]};
  };
  const KernelArg arg{{}, Scalar::of(reinterpret_cast<std::uint64_t>(words.host()))};
  const LaunchOp launch{spin->get(), {&arg, 1}, {}, nullptr};
  for (std::uint32_t i = 0; i < 2; ++i) {
    const auto given_up = make_queue(10 + i);
    ASSERT_TRUE(given_up->launch(launch).ok());
    ASSERT_TRUE(given_up->flush().ok());
    while (word_at(1).load() != static_cast<int>(i + 1)) std::this_thread::yield();
    given_up->abandon();
  }
  const auto waits = queue->launch(launch);
  ASSERT_TRUE(queue->flush().ok());
  // A round trip of another queue: the one that waits has been asked since.
  const auto beside = make_queue(20);
  arrive(*beside, beside->fill({{x.get(), 0, x->bytes()}, Scalar::of(3)}));
  EXPECT_EQ(word_at(1).load(), 2);
  word_at(0).store(1);
  arrive(*queue, waits);
  while (word_at(2).load() != 3) std::this_thread::yield();
}

}  // namespace
}  // namespace troika::xrt
