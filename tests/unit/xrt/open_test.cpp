// What is opened, and why not.
#include <fstream>

#include "backends/xrt/options.h"
#include "tests/unit/xrt/fixture.h"

namespace troika::xrt {
namespace {

using testing::HasSubstr;

TEST_F(XrtTest, a_device_is_described_by_its_card_and_its_images) {
  const auto opened = open_devices(image_option("suite") + "," + image_option("other"));
  ASSERT_TRUE(opened.ok()) << opened.status().to_string();
  ASSERT_EQ(opened->devices.size(), 2U);
  const DeviceInfo& info = opened->devices[1]->info();
  EXPECT_EQ(info.name, "xrt1");
  EXPECT_EQ(info.kind, DeviceKind::fpga);
  EXPECT_EQ(info.lanes, 8U);
  EXPECT_EQ(info.memory_bytes, std::size_t{128} << 20U);
  EXPECT_NE(info.space, opened->devices[0]->info().space);
  EXPECT_THAT(info.description, HasSubstr("2 images, 13 compute units"));
}

TEST_F(XrtTest, an_image_that_is_wired_to_the_host_makes_a_device_of_its_memory) {
  const auto opened = open_devices(image_option("host"));
  ASSERT_TRUE(opened.ok()) << opened.status().to_string();
  EXPECT_EQ(opened->devices.front()->info().space, host_space);
  const auto refused = open_devices(image_option("suite") + ",memory=host");
  ASSERT_TRUE(refused.ok());
  EXPECT_THAT(refused->missing.front().why.to_string(),
              HasSubstr("suite.xclbin is not wired to the host"));
}

TEST_F(XrtTest, without_the_vendors_folder_it_is_unavailable) {
  unsetenv("XILINX_XRT");
  const auto unset = open_devices(image_option("suite"));
  EXPECT_EQ(unset.status().code(), Code::unavailable);
  EXPECT_THAT(unset.status().message(), HasSubstr("XILINX_XRT is not set"));
}

TEST_F(XrtTest, an_emulation_mode_is_not_entered) {
  setenv("XCL_EMULATION_MODE", "hw_emu", 1);
  const auto opened = open_devices(image_option("suite"));
  EXPECT_EQ(opened.status().code(), Code::unavailable);
  EXPECT_THAT(opened.status().message(), HasSubstr("XCL_EMULATION_MODE is hw_emu"));
}

TEST_F(XrtTest, without_a_card_it_is_unavailable) {
  have_cards("0");
  const auto opened = open_devices(image_option("suite"));
  EXPECT_EQ(opened.status().code(), Code::unavailable);
  EXPECT_THAT(opened.status().message(), HasSubstr("card 0"));
}

TEST_F(XrtTest, a_card_without_an_image_is_missing_with_the_reason) {
  const auto none = open_devices("");
  ASSERT_TRUE(none.ok()) << none.status().to_string();
  ASSERT_EQ(none->missing.size(), 2U);
  EXPECT_EQ(none->missing[0].what, "xrt: card 0");
  EXPECT_THAT(none->missing[0].why.to_string(), HasSubstr("unavailable: no image is named"));
  const auto absent = open_devices("image=/nowhere.xclbin");
  EXPECT_THAT(absent->missing.at(0).why.to_string(), HasSubstr("/nowhere.xclbin"));
  const std::string text = testing::TempDir() + "/no.xclbin";
  std::ofstream{text} << "no image at all";
  const auto strange = open_devices("image=" + text);
  EXPECT_THAT(strange->missing.at(0).why.to_string(), HasSubstr(text));
}

TEST_F(XrtTest, a_card_that_does_not_take_its_image_is_missing_with_the_reason) {
  suffer("no_load@1");
  const auto opened = open_devices(image_option("suite"));
  ASSERT_TRUE(opened.ok());
  EXPECT_EQ(opened->devices.size(), 1U);
  EXPECT_THAT(opened->missing.at(0).why.to_string(), HasSubstr("unavailable: loading "));
}

TEST_F(XrtTest, options_name_images_and_memory_or_leave_them_to_the_environment) {
  setenv("TROIKA_XRT_IMAGES", "/a:/b", 1);
  setenv("TROIKA_XRT_MEMORY", "host", 1);
  const auto from_environment = parse_options("");
  ASSERT_TRUE(from_environment.ok());
  EXPECT_EQ(from_environment->images, (std::vector<std::string>{"/a", "/b"}));
  EXPECT_EQ(from_environment->memory, Placing::host);
  const auto told = parse_options("image=/c,memory=card,image=/d");
  ASSERT_TRUE(told.ok());
  EXPECT_EQ(told->images, (std::vector<std::string>{"/c", "/d"}));
  EXPECT_EQ(told->memory, Placing::card);
  EXPECT_THAT(parse_options("image=").status().message(), HasSubstr("no option is \"image=\""));
  EXPECT_THAT(parse_options("memory=far").status().message(), HasSubstr("auto, card, host"));
}

}  // namespace
}  // namespace troika::xrt
