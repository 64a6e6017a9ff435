#include "backends/cuda/options.h"

#include <cstdlib>

#include <gtest/gtest.h>

namespace troika::cuda {
namespace {

TEST(CudaOptions, memory_is_as_asked_and_else_as_the_environment_says) {
  unsetenv("TROIKA_CUDA_MEMORY");
  EXPECT_EQ(parse_options("")->memory, Sharing::automatic);
  EXPECT_EQ(parse_options("memory=managed")->memory, Sharing::managed);
  setenv("TROIKA_CUDA_MEMORY", "separate", 1);
  EXPECT_EQ(parse_options("")->memory, Sharing::separate);
  EXPECT_EQ(parse_options("memory=auto")->memory, Sharing::automatic);
  setenv("TROIKA_CUDA_MEMORY", "shared", 1);
  EXPECT_EQ(
      parse_options("").status().to_string(),
      "invalid_argument: cuda: TROIKA_CUDA_MEMORY=shared: it is one of auto, separate, managed");
  unsetenv("TROIKA_CUDA_MEMORY");
}

TEST(CudaOptions, what_means_nothing_is_named) {
  EXPECT_EQ(parse_options("memory=both").status().to_string(),
            "invalid_argument: cuda: memory=both: it is one of auto, separate, managed");
  EXPECT_EQ(parse_options("memory=auto,lanes=2").status().to_string(),
            "invalid_argument: cuda: no option is \"lanes=2\"; there is memory=…");
}

}  // namespace
}  // namespace troika::cuda
