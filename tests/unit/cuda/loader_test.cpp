#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backends/cuda/api.h"

namespace troika::cuda {
namespace {

using testing::HasSubstr;

std::string refusal_of(const std::string& library) {
  const Status status = open_driver(library.c_str()).status();
  EXPECT_EQ(status.code(), Code::unavailable) << status.to_string();
  return std::string{status.message()};
}

TEST(CudaLoader, an_absent_driver_is_unavailable_in_the_loaders_words) {
  const Status status = open_driver("libcuda-of-nobody.so.1").status();
  EXPECT_EQ(status.code(), Code::unavailable);
  EXPECT_THAT(status.to_string(), HasSubstr("libcuda-of-nobody.so.1: cannot open"));
}

TEST(CudaLoader, the_toolkits_stub_is_told_from_a_driver) {
  EXPECT_THAT(refusal_of(TROIKA_TEST_STUB "/libcuda.so.1"), HasSubstr("is the toolkit's stub"));
}

TEST(CudaLoader, a_driver_that_is_too_old_is_told_with_both_versions) {
  EXPECT_THAT(refusal_of(TROIKA_TEST_FAKES "/libfake_cuda_old.so"),
              HasSubstr("for CUDA 11.8; 12.8 is the oldest"));
}

TEST(CudaLoader, a_driver_that_lacks_an_entry_is_told_with_its_name) {
  EXPECT_THAT(refusal_of(TROIKA_TEST_FAKES "/libfake_cuda_partial.so"),
              HasSubstr("for CUDA 13.0 has no cuMemPoolCreate of 11.2"));
}

TEST(CudaLoader, a_driver_that_hands_out_no_entries_is_told) {
  EXPECT_THAT(refusal_of(TROIKA_TEST_FAKES "/libfake_cuda_no_table.so"),
              HasSubstr("has no cuGetProcAddress_v2"));
}

TEST(CudaLoader, a_machine_without_a_gpu_is_told_in_the_drivers_words) {
  EXPECT_THAT(refusal_of(TROIKA_TEST_FAKES "/libfake_cuda_no_device.so"),
              HasSubstr("cuInit: CUDA_ERROR_NO_DEVICE"));
}

}  // namespace
}  // namespace troika::cuda
