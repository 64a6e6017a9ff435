// Every picture kernel compiles for every GPU that CUDA 13 knows, within limits of what it takes of
// one. Needs the compiler and no GPU.
#include <regex>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backends/cuda/nvrtc.h"
#include "kernels/kernels.h"

namespace troika::cuda {
namespace {

using testing::HasSubstr;

// What one kernel may take, on whichever of the architectures it takes most. Threads times
// registers bound how many blocks a multiprocessor holds: 64 of the former a block, 256 and 16 in
// the two that have one block.
struct Limit {
  const char* kernel;
  unsigned registers, shared_bytes;
};
constexpr Limit limits[] = {{"enlarge", 80, 0},        {"luma", 40, 0},   {"histogram", 48, 16'384},
                            {"tone_curve", 48, 1'032}, {"smooth", 80, 0}, {"blur_rows", 64, 0},
                            {"blur_columns", 64, 0},   {"edges", 40, 0},  {"sharpen", 40, 0},
                            {"exposure", 64, 0},       {"compose", 40, 0}};

class CudaGate : public testing::TestWithParam<Limit> {
 protected:
  void SetUp() override {
    const auto loaded = load_compiler();
    if (!loaded.ok()) GTEST_SKIP() << "unavailable: " << loaded.status().message();
    compiler = *loaded;
    for (const Operation& operation : kernels::all_operations())
      if (operation.name == GetParam().kernel) image = *operation.image(Dialect::ptx);
    ASSERT_FALSE(image.code.empty()) << GetParam().kernel;
  }
  Compiled compiled(Target target, int architecture) {
    auto made = compile(*compiler, image.operation + ".cu", image.code,
                        image.options + " --ptxas-options=-v", target, architecture);
    EXPECT_TRUE(made.ok()) << made.status().to_string();
    return made.ok() ? *std::move(made) : Compiled{};
  }
  // The largest number that `pattern` finds; 0 where it finds none.
  static unsigned most(const std::string& log, const char* pattern) {
    const std::regex wanted{pattern};
    unsigned largest = 0;
    for (std::sregex_iterator it{log.begin(), log.end(), wanted}, end; it != end; ++it)
      largest = std::max(largest, static_cast<unsigned>(std::stoul((*it)[1])));
    return largest;
  }

  const Compiler* compiler = nullptr;
  KernelImage image;
};

TEST_P(CudaGate, becomes_ptx_of_the_oldest_architecture) {
  const Compiled ptx = compiled(Target::ptx, 75);
  EXPECT_THAT(ptx.code, HasSubstr(".target sm_75"));
  EXPECT_THAT(ptx.code, HasSubstr(".entry " + image.entry + "("));
}

TEST_P(CudaGate, takes_no_more_than_its_share_of_any_architecture_and_spills_nothing) {
  for (const int architecture : {75, 80, 90, 100, 120}) {
    SCOPED_TRACE("sm_" + std::to_string(architecture));
    const Compiled cubin = compiled(Target::cubin, architecture);
    EXPECT_TRUE(
        cubin.code.starts_with("\x7f"
                               "ELF"));
    EXPECT_GT(most(cubin.log, R"(Used (\d+) registers)"), 0U) << cubin.log;
    EXPECT_LE(most(cubin.log, R"(Used (\d+) registers)"), GetParam().registers);
    EXPECT_LE(most(cubin.log, R"((\d+) bytes smem)"), GetParam().shared_bytes);
    EXPECT_EQ(most(cubin.log, R"((\d+) bytes spill)"), 0U);
  }
}

std::string name_of_kernel(const testing::TestParamInfo<Limit>& info) { return info.param.kernel; }
INSTANTIATE_TEST_SUITE_P(, CudaGate, testing::ValuesIn(limits), name_of_kernel);

TEST(CudaGateLimits, name_every_kernel) {
  std::vector<std::string> known, limited;
  for (const Operation& operation : kernels::all_operations()) known.push_back(operation.name);
  for (const Limit& limit : limits) limited.emplace_back(limit.kernel);
  EXPECT_THAT(limited, testing::UnorderedElementsAreArray(known));
}

}  // namespace
}  // namespace troika::cuda
