#include "tests/drivers/cuda/tests/driver_fixture.h"

namespace cuda_emulator_test {

std::string module_text(const std::string& rest) {
  return ".version 8.4\n.target sm_75\n.address_size 64\n" + rest;
}

void Driver::SetUp() {
  if (entry("cuInit", 2000) == nullptr) GTEST_SKIP() << "no libcuda.so.1";
  ASSERT_EQ(cu(cuInit, 2000)(0), CUDA_SUCCESS);
  ASSERT_EQ(cu(cuDevicePrimaryCtxRetain, 7000)(&context_, 0), CUDA_SUCCESS);
  ASSERT_EQ(cu(cuCtxSetCurrent, 4000)(context_), CUDA_SUCCESS);
}

void Driver::TearDown() {
  if (context_ == nullptr) return;
  EXPECT_EQ(cu(cuDevicePrimaryCtxRelease, 11000)(0), CUDA_SUCCESS);
}

CUresult Driver::load(const std::string& ptx, CUmodule& module, std::string* log) {
  char text[1024] = {};
  CUjit_option names[] = {CU_JIT_ERROR_LOG_BUFFER, CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES};
  void* values[] = {text, reinterpret_cast<void*>(sizeof text)};
  const CUresult result = cu(cuModuleLoadDataEx, 2010)(&module, ptx.c_str(), 2, names, values);
  if (log != nullptr) *log = text;
  return result;
}

CUfunction Driver::kernel(const std::string& body, const char* parameters,
                          const std::string& before) {
  CUmodule module = nullptr;
  CUfunction function = nullptr;
  std::string log;
  EXPECT_EQ(load(module_text(before + ".visible .entry k(" + std::string(parameters) + ")\n{\n" +
                             body + "\nret;\n}\n"),
                 module, &log),
            CUDA_SUCCESS)
      << log;
  EXPECT_EQ(cu(cuModuleGetFunction, 2000)(&function, module, "k"), CUDA_SUCCESS);
  return function;
}

CUdeviceptr Driver::bytes(std::size_t count) {
  CUdeviceptr at = 0;
  EXPECT_EQ(cu(cuMemAlloc, 3020)(&at, count), CUDA_SUCCESS);
  return at;
}

CUstream Driver::stream(unsigned flags) {
  CUstream made = nullptr;
  EXPECT_EQ(cu(cuStreamCreate, 2000)(&made, flags), CUDA_SUCCESS);
  return made;
}

CUevent Driver::event(unsigned flags) {
  CUevent made = nullptr;
  EXPECT_EQ(cu(cuEventCreate, 2000)(&made, flags), CUDA_SUCCESS);
  return made;
}

CUresult Driver::launch(CUfunction function, CUstream on, std::vector<void*> arguments,
                        unsigned threads) {
  return cu(cuLaunchKernel, 4000)(function, 1, 1, 1, threads, 1, 1, 0, on, arguments.data(),
                                  nullptr);
}

}  // namespace cuda_emulator_test
