// A kernel whose circuit is Verilog, through the vendor's runtime: what it computes, and in how
// many cycles of its clock.
#include <filesystem>
#include <iostream>

#include <dlfcn.h>

#include "tests/unit/xrt/fixture.h"

namespace troika::xrt {
namespace {

constexpr std::size_t n = 4096;

class XrtVerilog : public XrtDeviceTest {
 protected:
  void SetUp() override {
    XrtDeviceTest::SetUp();
    if (!std::filesystem::exists(std::string{model_folder} + "rtl.xclbin"))
      GTEST_SKIP() << "unavailable: verilator was not installed (scripts/setup --rtl)";
    open(image_option("rtl"));
    void* const library =
        dlopen((std::string{model_folder} + "models/libxrt_rtl_models.so").c_str(), RTLD_NOW);
    ASSERT_NE(library, nullptr) << dlerror();
    cycles = reinterpret_cast<std::uint64_t (*)()>(dlsym(library, "rtl_cycles"));
    ASSERT_NE(cycles, nullptr);
  }

  std::uint64_t (*cycles)() = nullptr;
};

// Views that begin and end anywhere within a burst.
TEST_F(XrtVerilog, computes_what_the_operation_says_and_touches_nothing_else) {
  const auto mix_kernel = load("rtl_mix", "b444");
  ASSERT_TRUE(mix_kernel.ok()) << mix_kernel.status().to_string();
  for (const std::size_t first : {0U, 3U, 15U})
    for (const std::size_t count : {1U, 13U, 16U, 17U, 1000U}) {
      const auto x = allocate(n);
      fill(*x, 5);
      const KernelArg args[] = {{{x.get(), 4 * first, 4 * count}, {}},
                                {{}, Scalar::of(7)},
                                {{}, Scalar::of(3)},
                                {{}, Scalar::of(static_cast<int>(count))}};
      arrive(*queue, queue->launch({mix_kernel->get(), args, {}, nullptr}));
      HostBytes host{4 * n};
      arrive(*queue, queue->copy({{x.get(), 0, 4 * n}, {&host, 0, 4 * n}}));
      const auto* const words = reinterpret_cast<const int*>(host.host());
      for (std::size_t i = 0; i < n; ++i)
        ASSERT_EQ(words[i], i >= first && i < first + count ? 38 : 5)
            << i << " of " << first << " and " << count;
    }
  EXPECT_TRUE(reports.failures().empty()) << failure();
}

// Sixteen words are read and written in as many cycles each, and six more for the two bursts.
TEST_F(XrtVerilog, takes_as_many_cycles_as_its_bursts_have_beats) {
  const auto mix_kernel = load("rtl_mix", "b444");
  ASSERT_TRUE(mix_kernel.ok());
  const auto x = allocate(n);
  std::uint64_t before = 0;
  for (const int count : {16, 256, 4096}) {
    arrive(*queue, mix(*queue, **mix_kernel, *x, 1, 1, count));
    const std::uint64_t took = cycles();
    std::cout << "rtl_mix: " << count << " words, " << took << " cycles\n";
    EXPECT_GT(took, std::uint64_t{2} * static_cast<std::uint64_t>(count));
    EXPECT_LT(took, std::uint64_t{3} * static_cast<std::uint64_t>(count) + 16);
    EXPECT_GT(took, before);
    before = took;
  }
}

}  // namespace
}  // namespace troika::xrt
