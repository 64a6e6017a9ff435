// The machine of the device model, as a test wants it.
#pragma once

#include <cstdlib>
#include <string>

#include <gtest/gtest.h>

namespace troika::xrt {

inline constexpr const char* model_folder = TROIKA_TEST_XRT "/";

inline std::string image_option(const std::string& name) {
  return std::string{"image="} + model_folder + name + ".xclbin";
}

class OnXrtModel : public testing::Test {
 protected:
  void SetUp() override {
    setenv("XILINX_XRT", TROIKA_TEST_XRT, 1);
    for (const char* const variable :
         {"TROIKA_XRT_IMAGES", "TROIKA_XRT_MEMORY", "XCL_EMULATION_MODE"})
      unsetenv(variable);
    TearDown();
  }
  void TearDown() override {
    for (const char* const variable : {"EMULATED_XRT_FAULTS", "EMULATED_XRT_DEVICES"})
      unsetenv(variable);
  }

  static void suffer(const char* faults) { setenv("EMULATED_XRT_FAULTS", faults, 1); }
  static void have_cards(const char* count) { setenv("EMULATED_XRT_DEVICES", count, 1); }
};

}  // namespace troika::xrt
