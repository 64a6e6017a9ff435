#include <cstdlib>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "backends/opencl/clock.h"
#include "backends/opencl/mapped_ranges.h"
#include "backends/opencl/opencl.h"
#include "backends/opencl/process.h"
#include "backends/opencl/program_cache.h"
#include "tests/temporary_folder.h"

namespace troika::opencl {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class Folder : public testing::Test {
 protected:
  TemporaryFolder folder;
};

using ProgramCacheTest = Folder;
using Vendors = Folder;

TEST_F(ProgramCacheTest, finds_what_was_stored_under_the_same_key_only) {
  const ProgramCache cache{folder / "deep" / "cache"};
  ASSERT_TRUE(cache.warning().ok());
  const std::string program{"\0binary\n\xff", 9};
  ASSERT_TRUE(cache.store("key", program).ok());
  EXPECT_EQ(cache.find("key"), program);
  EXPECT_EQ(cache.find("kez"), std::nullopt);
  ASSERT_TRUE(cache.store("key", "newer").ok());
  EXPECT_EQ(ProgramCache{folder / "deep" / "cache"}.find("key"), "newer");
}

TEST_F(ProgramCacheTest, is_its_owners_alone_and_leaves_no_other_files) {
  const ProgramCache cache{folder / "cache"};
  ASSERT_TRUE(cache.store("key", "program").ok());
  struct stat status {};
  ASSERT_EQ(stat((folder / "cache").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0700U);
  std::size_t files = 0;
  for (const auto& entry : fs::directory_iterator{folder / "cache"}) {
    ++files;
    EXPECT_EQ(entry.path(), cache.file_of("key"));
    ASSERT_EQ(stat(entry.path().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
  }
  EXPECT_EQ(files, 1U);
}

TEST_F(ProgramCacheTest, passes_over_a_damaged_file_and_a_stranger_of_the_same_hash) {
  const ProgramCache cache{folder / "cache"};
  ASSERT_TRUE(cache.store("key", "program").ok());
  fs::copy_file(cache.file_of("key"), cache.file_of("other"));
  EXPECT_EQ(cache.find("other"), std::nullopt);
  const auto size = fs::file_size(cache.file_of("key"));
  for (const std::size_t at : {std::size_t{0}, size / 2, size - 1}) {
    ASSERT_TRUE(cache.store("key", "program").ok());
    std::fstream file{cache.file_of("key"), std::ios::in | std::ios::out | std::ios::binary};
    file.seekp(static_cast<std::streamoff>(at));
    file.put('\x7f');
    file.close();
    EXPECT_EQ(cache.find("key"), std::nullopt) << at;
  }
  ASSERT_TRUE(cache.store("key", "program").ok());
  fs::resize_file(cache.file_of("key"), size - 3);
  EXPECT_EQ(cache.find("key"), std::nullopt);
}

TEST_F(ProgramCacheTest, that_cannot_be_written_says_why_and_finds_nothing) {
  const ProgramCache cache{"/dev/null/cache"};
  EXPECT_EQ(cache.warning().to_string(),
            "unavailable: program cache: cannot make /dev/null/cache: Not a directory; kernels are "
            "compiled anew in every process");
  EXPECT_EQ(cache.find("key"), std::nullopt);
  EXPECT_EQ(cache.store("key", "program").code(), Code::unavailable);
}

TEST_F(ProgramCacheTest, lies_where_the_first_of_three_variables_says) {
  setenv("TROIKA_CACHE_DIR", "/one", 1);
  setenv("XDG_CACHE_HOME", "/two", 1);
  setenv("HOME", "/three", 1);
  EXPECT_EQ(ProgramCache::default_folder(), "/one/opencl");
  unsetenv("TROIKA_CACHE_DIR");
  EXPECT_EQ(ProgramCache::default_folder(), "/two/troika/opencl");
  unsetenv("XDG_CACHE_HOME");
  EXPECT_EQ(ProgramCache::default_folder(), "/three/.cache/troika/opencl");
  unsetenv("HOME");
  EXPECT_EQ(ProgramCache::default_folder(), "");
  EXPECT_THAT(ProgramCache{""}.warning().to_string(), HasSubstr("none of TROIKA_CACHE_DIR"));
}

TEST_F(Vendors, a_driver_that_would_end_the_process_is_refused_by_name) {
  std::ofstream{folder / "good.icd"} << "libpocl.so.2\n";
  std::ofstream{folder / "notes.txt"} << "libxilinxopencl.so.2\n";
  EXPECT_TRUE(check_vendors(folder.path(), false).ok());
  std::ofstream{folder / "xrt.icd"} << "/opt/lib/libxilinxopencl.so.2\n";
  const Status refused = check_vendors(folder.path(), false);
  EXPECT_EQ(refused.code(), Code::unavailable);
  EXPECT_THAT(refused.to_string(), HasSubstr("xrt.icd registers /opt/lib/libxilinxopencl.so.2"));
  EXPECT_TRUE(check_vendors(folder.path(), true).ok());
  EXPECT_FALSE(check_vendors("/opt/lib/libxilinxopencl.so.2", false).ok());
  EXPECT_FALSE(check_vendors(folder / "xrt.icd", false).ok());
  EXPECT_TRUE(check_vendors("/nowhere", false).ok());
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

TEST(ClockOffset, operations_of_a_queue_follow_one_another_when_a_better_bound_comes) {
  ClockOffset clock;
  clock.observe(Nanos{1'000'500}, Nanos{1'000});
  const ClockOffset::Interval first = clock.next(Nanos{500}, Nanos{1'000});
  clock.observe(Nanos{1'002'000}, Nanos{2'900});  // seen 400 ns sooner
  const ClockOffset::Interval second = clock.next(Nanos{1'100}, Nanos{2'900});
  EXPECT_EQ(first.end, Nanos{1'000'500});
  EXPECT_EQ(second.begin, first.end) << "and not 1'000'200";
  EXPECT_EQ(second.end, Nanos{1'002'000});
  const ClockOffset::Interval third = clock.next(Nanos{1'000}, Nanos{1'050});
  EXPECT_LE(third.begin, third.end);
  EXPECT_GE(third.begin, second.end);
}

TEST(ClockOffset, keeps_the_least_bound_and_follows_drift) {
  ClockOffset clock;
  EXPECT_FALSE(clock.known());
  clock.observe(Nanos{1'000'000}, Nanos{400'000});  // seen late
  EXPECT_EQ(clock.to_host(Nanos{500'000}), Nanos{1'100'000});
  clock.observe(Nanos{1'010'000}, Nanos{500'000});  // seen sooner
  EXPECT_EQ(clock.to_host(Nanos{500'000}), Nanos{1'010'000});
  clock.observe(Nanos{1'020'000}, Nanos{500'100});  // seen late: no reason to move
  EXPECT_EQ(clock.to_host(Nanos{500'000}), Nanos{1'010'005});
  // After a second of silence the clocks may be half a millisecond apart, and are 100 µs.
  clock.observe(Nanos{1'001'020'000}, Nanos{500'410'000});
  EXPECT_EQ(clock.to_host(Nanos{500'410'000}), Nanos{500'410'000 + 510'005 + 500'000 - 0});
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
    core->memory_bytes = core->allocation_max = bytes;
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
