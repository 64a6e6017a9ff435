#include <cstdlib>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backends/opencl/mapped_ranges.h"
#include "backends/opencl/opencl.h"
#include "backends/opencl/process.h"
#include "tests/temporary_folder.h"

namespace troika::opencl {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class Vendors : public testing::Test {
 protected:
  TemporaryFolder folder;
};

TEST_F(Vendors, a_driver_that_would_end_the_process_is_refused_by_name) {
  std::ofstream{folder / "good.icd"} << "libpocl.so.2\n";
  std::ofstream{folder / "notes.txt"} << "libxilinxopencl.so.2\n";
  EXPECT_TRUE(check_vendors(folder.path(), nullptr).ok());
  std::ofstream{folder / "xrt.icd"} << "/opt/lib/libxilinxopencl.so.2\n";
  const Status refused = check_vendors(folder.path(), nullptr);
  EXPECT_EQ(refused.code(), Code::unavailable);
  EXPECT_THAT(refused.to_string(), HasSubstr("xrt.icd registers /opt/lib/libxilinxopencl.so.2"));
  EXPECT_FALSE(check_vendors(folder.path(), "/nowhere").ok());
  fs::create_directory(folder / "lib");
  std::ofstream{folder / "lib" / "libxrt_core.so.2"} << "of the vendor's";
  EXPECT_TRUE(check_vendors(folder.path(), folder.path().c_str()).ok());
  EXPECT_FALSE(check_vendors("/opt/lib/libxilinxopencl.so.2", nullptr).ok());
  EXPECT_FALSE(check_vendors(folder / "xrt.icd", nullptr).ok());
  EXPECT_TRUE(check_vendors("/nowhere", nullptr).ok());
}

TEST_F(Vendors, a_driver_that_cannot_be_loaded_is_named_with_the_reason) {
  std::ofstream{folder / "absent.icd"} << "/nowhere/libabsent.so\n";
  std::ofstream{folder / "good.icd"} << "libc.so.6\n";
  std::ofstream{folder / "text.so"} << "no library";
  std::ofstream{folder / "text.icd"} << (folder / "text.so").string() << '\n';
  const std::vector<Missing> found = unloadable_drivers(folder.path());
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].what, "opencl: " + (folder / "absent.icd").string());
  EXPECT_EQ(found[0].why.code(), Code::unavailable);
  EXPECT_THAT(found[0].why.to_string(), HasSubstr("/nowhere/libabsent.so: cannot open"));
  EXPECT_EQ(found[1].what, "opencl: " + (folder / "text.icd").string());
  EXPECT_EQ(unloadable_drivers(folder / "text.so").size(), 1U);
  EXPECT_TRUE(unloadable_drivers(folder / "good.icd").empty());
  EXPECT_TRUE(unloadable_drivers("/nowhere").empty());
}

TEST(Process, leaves_what_the_user_set_and_sets_the_rest) {
  setenv("POCL_MAX_PTHREAD_COUNT", "7", 1);
  unsetenv("CL_CONFIG_CPU_TBB_NUM_WORKERS");
  unsetenv("POCL_SIGFPE_HANDLER");
  restrain_drivers(3);
  EXPECT_STREQ(getenv("POCL_MAX_PTHREAD_COUNT"), "7");
  EXPECT_STREQ(getenv("CL_CONFIG_CPU_TBB_NUM_WORKERS"), "4");
  EXPECT_STREQ(getenv("POCL_SIGFPE_HANDLER"), "0");
  unsetenv("CL_CONFIG_CPU_TBB_NUM_WORKERS");
  restrain_drivers(1);
  EXPECT_STREQ(getenv("CL_CONFIG_CPU_TBB_NUM_WORKERS"), "3");
}

TEST(MappedRanges, join_what_touches_and_never_overlap) {
  MappedRanges ranges;
  std::size_t unmapped = 0;
  const auto count = [&](const MappedRange&) { ++unmapped; };
  ranges.add(ranges.widen(10, 20, false, count));
  ranges.add(ranges.widen(30, 40, true, count));
  EXPECT_TRUE(ranges.hold(12, 20, false));
  EXPECT_FALSE(ranges.hold(12, 20, true));
  EXPECT_FALSE(ranges.hold(18, 32, false));
  const MappedRange wide = ranges.widen(15, 35, false, count);
  EXPECT_EQ(unmapped, 2U);
  EXPECT_EQ(wide.begin, 10U);
  EXPECT_EQ(wide.end, 40U);
  EXPECT_TRUE(wide.writable);
  ranges.add(wide);
  EXPECT_TRUE(ranges.touch(39, 50));
  EXPECT_FALSE(ranges.touch(40, 50));
  ranges.take(0, 11, count);
  EXPECT_TRUE(ranges.empty());
}

TEST(MappedRanges, beyond_their_limit_become_one) {
  MappedRanges ranges;
  const auto forget = [](const MappedRange&) {};
  for (std::size_t i = 0; i <= MappedRanges::ranges_max; ++i)
    ranges.add(ranges.widen(i * 10, i * 10 + 5, false, forget));
  EXPECT_EQ(ranges.size(), 1U);
  EXPECT_TRUE(ranges.hold(0, MappedRanges::ranges_max * 10 + 5, false));
}

// A vendor that has no memory to give.
class PoorVendor : public testing::Test {
 protected:
  PoorVendor() {
    api.CreateBuffer = [](auto, auto, auto, auto, cl_int* error) -> cl_mem {
      *error = CL_OUT_OF_RESOURCES;
      return nullptr;
    };
    api.SVMAlloc = [](auto, auto, auto, auto) -> void* { return nullptr; };
    core->api = &api;
    core->name = "fake0";
    core->budget.device = core->name;
    core->budget.bytes = core->allocation_max = bytes;
  }
  static constexpr std::size_t bytes = 1 << 20;
  Api api;
  std::shared_ptr<Core> core = std::make_shared<Core>();
};

TEST_F(PoorVendor, what_it_refuses_of_the_hosts_memory_is_free_again) {
  SharedMemory memory{core};
  EXPECT_EQ(memory.allocate({10'000}).status().to_string(),
            "out_of_memory: clCreateBuffer of 10000 host bytes on fake0: CL_OUT_OF_RESOURCES");
  EXPECT_EQ(memory.bytes_free(), bytes);
}

TEST_F(PoorVendor, what_it_refuses_of_shared_virtual_memory_is_free_again) {
  core->svm = true;
  SharedMemory memory{core};
  EXPECT_THAT(memory.allocate({10'000}).status().to_string(),
              HasSubstr("out_of_memory: clSVMAlloc of 10000 bytes on fake0"));
  EXPECT_EQ(memory.bytes_free(), bytes);
}

TEST_F(PoorVendor, what_it_refuses_of_its_own_memory_is_free_again) {
  core->space = SpaceId{1};
  SeparateMemory memory{core};
  EXPECT_THAT(memory.allocate({10'000}).status().to_string(),
              HasSubstr("clCreateBuffer of 10000 bytes on fake0"));
  EXPECT_EQ(memory.bytes_free(), bytes);
}

}  // namespace
}  // namespace troika::opencl
