// Banks: where bytes are, and that none are lost when they move.
#include "tests/unit/xrt/fixture.h"

namespace troika::xrt {
namespace {

using testing::HasSubstr;

constexpr int n = 1000;

class XrtBanks : public XrtDeviceTest {
 protected:
  void SetUp() override {
    XrtDeviceTest::SetUp();
    open(image_option("suite"));
  }
};

TEST_F(XrtBanks, each_buffer_comes_to_the_bank_that_its_argument_reaches) {
  const auto far_copy = load("far_copy", "bb4"), mix_kernel = load("suite_mix", "b444");
  ASSERT_TRUE(far_copy.ok() && mix_kernel.ok());
  const auto x = allocate(n), y = allocate(n);
  fill(*x, 5);
  // y is written in the second bank, and then read and written in the first.
  arrive(*queue, launch(**far_copy, *x, *y, n));
  EXPECT_EQ(word(*y, n - 1), 5);
  arrive(*queue, mix(*queue, **mix_kernel, *y, 3, 1, n));
  EXPECT_EQ(word(*y, n - 1), 16);
  // The first bank's bytes of before are of no account.
  arrive(*queue, launch(**far_copy, *x, *y, n));
  EXPECT_EQ(word(*y, 0), 5);
}

TEST_F(XrtBanks, a_buffer_that_no_bank_suits_is_refused_with_both_named) {
  const auto far_copy = load("far_copy", "bb4");
  ASSERT_TRUE(far_copy.ok());
  const auto x = allocate(n);
  fill(*x, 5);
  arrive(*queue, launch(**far_copy, *x, *x, n));
  EXPECT_THAT(failure(), HasSubstr("arguments 0 and 2 of far_copy:{far_copy_1} on xrt0 are one "
                                   "buffer, but reach DDR[0], and DDR[1]"));
  EXPECT_EQ(word(*x, 0), 5);
}

// Three buffers of 40 MiB in a bank of 64.
TEST_F(XrtBanks, what_nobody_uses_makes_room_in_a_full_bank_and_comes_back) {
  const auto mix_kernel = load("suite_mix", "b444");
  ASSERT_TRUE(mix_kernel.ok());
  const int words = 10 << 20;
  std::vector<std::unique_ptr<Allocation>> buffers;
  for (int i = 0; i < 3; ++i) {
    buffers.push_back(allocate(static_cast<std::size_t>(words)));
    fill(*buffers.back(), i);
  }
  for (const auto& buffer : buffers)
    arrive(*queue, mix(*queue, **mix_kernel, *buffer, 2, 1, words));
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(word(*buffers[static_cast<std::size_t>(i)], static_cast<std::size_t>(words - 1)),
              2 * i + 1);
  EXPECT_TRUE(reports.failures().empty()) << failure();
}

TEST_F(XrtBanks, rows_that_are_written_leave_what_the_device_has_between_them) {
  const auto mix_kernel = load("suite_mix", "b444");
  ASSERT_TRUE(mix_kernel.ok());
  const auto x = allocate(n);
  fill(*x, 1);
  arrive(*queue, mix(*queue, **mix_kernel, *x, 2, 5, n));
  arrive(*queue, queue->fill({{x.get(), 40, 8, 10, 80}, Scalar::of(100)}));
  EXPECT_EQ(word(*x, 10), 100);
  EXPECT_EQ(word(*x, 11), 100);
  EXPECT_EQ(word(*x, 12), 7);
  EXPECT_EQ(word(*x, 30), 100);
  EXPECT_EQ(word(*x, 32), 7);
}

TEST_F(XrtBanks, what_a_buffer_leaves_in_the_cards_memory_goes_with_it) {
  const auto mix_kernel = load("suite_mix", "b444");
  ASSERT_TRUE(mix_kernel.ok());
  for (int i = 0; i < 20; ++i) {
    const auto x = allocate(10 << 20);
    arrive(*queue, mix(*queue, **mix_kernel, *x, 0, i, n));
    EXPECT_EQ(word(*x, 0), i);
  }
  EXPECT_EQ(device->memory().bytes_free(), device->info().memory_bytes);
}

TEST_F(XrtBanks, a_kernel_must_take_what_the_operation_gives) {
  const auto said = [&](const char* name, const char* letters) {
    return load(name, letters).status().to_string();
  };
  EXPECT_THAT(said("nobody", "b"), HasSubstr("no kernel `nobody` in "));
  EXPECT_THAT(said("far_copy", "bb"), HasSubstr("it takes 5 arguments, its parameters are 4"));
  EXPECT_THAT(said("far_copy", "b44"), HasSubstr("parameter 1 is i32, which argument 2 is not"));
  EXPECT_THAT(said("suite_mix", "444b"), HasSubstr("parameter 0 is i32, which argument 0 is not"));
  EXPECT_THAT(said("suite_spin", "b"), HasSubstr("a buffer, which takes two arguments"));
}

TEST_F(XrtDeviceTest, on_the_host_no_byte_is_copied) {
  open(image_option("host"));
  const auto mix_kernel = load("suite_mix", "b444");
  ASSERT_TRUE(mix_kernel.ok()) << mix_kernel.status().to_string();
  const auto x = allocate(n);
  ASSERT_NE(x->host(), nullptr);
  std::fill_n(reinterpret_cast<int*>(x->host()), n, 4);
  arrive(*queue, queue->hand_over({{x.get(), 0, x->bytes()}, Towards::device, true}));
  arrive(*queue, mix(*queue, **mix_kernel, *x, 3, 1, n));
  arrive(*queue, queue->hand_over({{x.get(), 0, x->bytes()}, Towards::host, false}));
  EXPECT_EQ(reinterpret_cast<int*>(x->host())[n - 1], 13);
}

}  // namespace
}  // namespace troika::xrt
