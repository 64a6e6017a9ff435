// The device model behind the vendor's own runtime: what it does, and what it refuses.
#include <algorithm>

#include <experimental/xrt_xclbin.h>
#include <gtest/gtest.h>
#include <xrt/xrt_bo.h>
#include <xrt/xrt_device.h>
#include <xrt/xrt_kernel.h>

#include "tests/drivers/xrt/xclbin_writer.h"

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

TEST_F(XrtModel, what_is_not_synced_the_device_does_not_see) {
  const xrt::uuid uuid = device.load_xclbin(folder + "suite.xclbin");
  xrt::kernel add{device, uuid, "suite_add"};
  xrt::bo x = filled(add.group_id(0), 20), y = filled(add.group_id(2), 0);
  std::fill_n(x.map<int*>(), words, 1000);
  xrt::run run = add(x, std::uint64_t{0}, y, std::uint64_t{0}, 22, static_cast<int>(words));
  run.wait();
  y.sync(XCL_BO_SYNC_BO_FROM_DEVICE);
  EXPECT_EQ(y.map<int*>()[0], 42);
}

// The vendor warns, and has the unit write to a copy that nobody sees.
TEST_F(XrtModel, a_buffer_in_a_wrong_bank_loses_what_is_written_there) {
  const xrt::uuid uuid = device.load_xclbin(folder + "suite.xclbin");
  xrt::kernel add{device, uuid, "suite_add"};
  xrt::bo x = filled(add.group_id(0), 20), y = filled(1, 7);
  xrt::run run = add(x, std::uint64_t{0}, y, std::uint64_t{0}, 22, static_cast<int>(words));
  EXPECT_EQ(run.wait(), ERT_CMD_STATE_COMPLETED);
  y.sync(XCL_BO_SYNC_BO_FROM_DEVICE);
  EXPECT_EQ(y.map<int*>()[0], 7);
}

TEST_F(XrtModel, another_image_is_refused_while_a_kernel_of_this_one_is_open) {
  const xrt::uuid uuid = device.load_xclbin(folder + "suite.xclbin");
  {
    const xrt::kernel add{device, uuid, "suite_add"};
    EXPECT_EQ(device.load_xclbin(folder + "suite.xclbin"), uuid);
    EXPECT_THROW(device.load_xclbin(folder + "other.xclbin"), std::exception);
  }
  EXPECT_NE(device.load_xclbin(folder + "other.xclbin"), uuid);
}

TEST_F(XrtModel, another_image_leaves_nothing_of_what_a_bank_held) {
  device.load_xclbin(folder + "suite.xclbin");
  xrt::bo x = filled(0, 20);
  device.load_xclbin(folder + "other.xclbin");
  x.sync(XCL_BO_SYNC_BO_FROM_DEVICE);
  EXPECT_NE(x.map<int*>()[0], 20);
  EXPECT_THROW(device.load_xclbin(folder + "host.xclbin"), std::exception)
      << "a buffer lies in a bank that it has not";
}

TEST_F(XrtModel, pages_of_the_hosts_have_one_side) {
  const xrt::uuid uuid = device.load_xclbin(folder + "host.xclbin");
  xrt::kernel add{device, uuid, "suite_add"};
  xrt::bo x{device, bytes, xrt::bo::flags::host_only, 0};
  std::fill_n(x.map<int*>(), words, 1);
  xrt::run run = add(x, std::uint64_t{0}, x, std::uint64_t{0}, 1, static_cast<int>(words));
  EXPECT_EQ(run.wait(), ERT_CMD_STATE_COMPLETED);
  EXPECT_EQ(x.map<int*>()[words - 1], 2);
}

TEST(XclbinWriter, says_what_the_vendor_reads) {
  xrt_model::ImageSpec image;
  image.banks = {{"HBM[0]", MEM_HBM, 0x1000'0000, 1 << 20},
                 {"HBM[1]", MEM_HBM, 0x2000'0000, 1 << 20}};
  image.kernels = {{"vadd",
                    {{"x", "int*", 8, true, 0x10}, {"n", "int", 4, false, 0x1c}},
                    {{"left", {{0}}}, {"right", {{1}}}},
                    AP_CTRL_CHAIN}};
  const std::string file = xrt_model::write_xclbin(image);
  const xrt::xclbin read{std::vector<char>{file.begin(), file.end()}};
  ASSERT_EQ(read.get_kernels().size(), 1U);
  const auto kernel = read.get_kernels().front();
  EXPECT_EQ(kernel.get_name(), "vadd");
  EXPECT_EQ(kernel.get_arg(1).get_offset(), 0x1cU);
  EXPECT_EQ(kernel.get_arg(1).get_size(), 4U);
  ASSERT_EQ(kernel.get_cus().size(), 2U);
  const auto right = kernel.get_cus().back();
  EXPECT_EQ(right.get_name(), "vadd:right");
  EXPECT_EQ(right.get_control_type(), xrt::xclbin::ip::control_type::chain);
  EXPECT_EQ(right.get_arg(0).get_mems().front().get_tag(), "HBM[1]");
  EXPECT_EQ(read.get_mems().front().get_size_kb(), 1024U);
  // Equal images are one, others are not.
  const auto uuid_of = [](const xrt_model::ImageSpec& spec) {
    const std::string bytes_of = xrt_model::write_xclbin(spec);
    return xrt::xclbin{std::vector<char>{bytes_of.begin(), bytes_of.end()}}.get_uuid().to_string();
  };
  EXPECT_EQ(uuid_of(image), read.get_uuid().to_string());
  image.megahertz = 200;
  EXPECT_NE(uuid_of(image), read.get_uuid().to_string());
}

}  // namespace
