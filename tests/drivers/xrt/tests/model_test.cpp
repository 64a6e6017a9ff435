// The device model behind the vendor's own runtime: what it does, and what it refuses.
#include <numeric>

#include <gtest/gtest.h>
#include <xrt/xrt_bo.h>
#include <xrt/xrt_device.h>
#include <xrt/xrt_kernel.h>

namespace {

const std::string folder = TROIKA_TEST_XRT "/";

class XrtModel : public testing::Test {
 protected:
  xrt::bo filled(xrt::memory_group bank, int value) {
    xrt::bo made{device, bytes, xrt::bo::flags::normal, bank};
    std::fill_n(made.map<int*>(), words, value);
    made.sync(XCL_BO_SYNC_BO_TO_DEVICE);
    return made;
  }

  static constexpr std::size_t words = 1000, bytes = 4 * words;
  xrt::device device{0};
};

TEST_F(XrtModel, a_kernel_reads_and_writes_what_was_synced) {
  const xrt::uuid uuid = device.load_xclbin(folder + "suite.xclbin");
  xrt::kernel add{device, uuid, "suite_add"};
  xrt::bo x = filled(add.group_id(0), 20), y = filled(add.group_id(2), 0);
  xrt::run run = add(x, std::uint64_t{0}, y, std::uint64_t{0}, 22, static_cast<int>(words));
  EXPECT_EQ(run.wait(), ERT_CMD_STATE_COMPLETED);
  EXPECT_EQ(y.map<int*>()[words - 1], 0) << "without a sync the host sees what it had";
  y.sync(XCL_BO_SYNC_BO_FROM_DEVICE);
  EXPECT_EQ(y.map<int*>()[words - 1], 42);
}

}  // namespace
