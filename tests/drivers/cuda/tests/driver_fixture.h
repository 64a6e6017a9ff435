// A context on device 0 of the driver that the loader finds, and PTX to run there.
#pragma once

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/drivers/cuda/tests/entry.h"

namespace cuda_emulator_test {

class Driver : public ::testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  // `before`: what else the module declares.
  CUfunction kernel(const std::string& body,
                    const char* parameters = ".param .u64 out, .param .u64 in",
                    const std::string& before = "");
  CUdeviceptr bytes(std::size_t count);
  CUstream stream(unsigned flags = CU_STREAM_NON_BLOCKING);
  CUevent event(unsigned flags = CU_EVENT_DISABLE_TIMING);
  CUresult launch(CUfunction function, CUstream on, std::vector<void*> arguments,
                  unsigned threads = 32);
  CUresult load(const std::string& ptx, CUmodule& module, std::string* log = nullptr);

  template <class T>
  std::vector<T> read(CUdeviceptr from, std::size_t count) {
    std::vector<T> values(count);
    EXPECT_EQ(cu(cuMemcpyDtoH, 3020)(values.data(), from, count * sizeof(T)), CUDA_SUCCESS);
    return values;
  }
  template <class T>
  CUdeviceptr holding(const std::vector<T>& values) {
    const CUdeviceptr at = bytes(values.size() * sizeof(T));
    EXPECT_EQ(cu(cuMemcpyHtoD, 3020)(at, values.data(), values.size() * sizeof(T)), CUDA_SUCCESS);
    return at;
  }
  // Sets an option of the emulator's: before its first call, so only in a process of its own, which
  // every test of ctest's is.
  static void option(const char* name, const char* value) { setenv(name, value, 1); }

  CUcontext context_ = nullptr;
};

// A module with the header that all need.
std::string module_text(const std::string& rest);

}  // namespace cuda_emulator_test
