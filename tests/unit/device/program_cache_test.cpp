#include "runtime/device/program_cache.h"

#include <cstdlib>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/temporary_folder.h"

namespace troika {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class ProgramCacheTest : public testing::Test {
 protected:
  TemporaryFolder folder;
};

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
  EXPECT_EQ(ProgramCache::default_folder("opencl"), "/one/opencl");
  unsetenv("TROIKA_CACHE_DIR");
  EXPECT_EQ(ProgramCache::default_folder("opencl"), "/two/troika/opencl");
  unsetenv("XDG_CACHE_HOME");
  EXPECT_EQ(ProgramCache::default_folder("opencl"), "/three/.cache/troika/opencl");
  unsetenv("HOME");
  EXPECT_EQ(ProgramCache::default_folder("opencl"), "");
  EXPECT_THAT(ProgramCache{""}.warning().to_string(), HasSubstr("none of TROIKA_CACHE_DIR"));
}

}  // namespace
}  // namespace troika
