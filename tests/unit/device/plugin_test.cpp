#include "runtime/device/plugin.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/temporary_folder.h"

namespace troika {
namespace {

namespace fs = std::filesystem;
using testing::Contains;
using testing::HasSubstr;

const std::vector<fs::path> fakes{TROIKA_TEST_PLUGINS};

void expect_refused(std::string_view name, const std::string& why) {
  const auto backend = load_plugin(name, fakes);
  ASSERT_FALSE(backend.ok());
  EXPECT_EQ(backend.status().code(), Code::unavailable);
  EXPECT_THAT(backend.status().to_string(), HasSubstr("libtroika-" + std::string{name} + ".so"));
  EXPECT_THAT(backend.status().to_string(), HasSubstr(why));
}

TEST(Plugin, that_fits_is_opened) {
  const auto backend = load_plugin("fine", fakes);
  ASSERT_TRUE(backend.ok()) << backend.status().to_string();
  EXPECT_STREQ(backend->name, "fake");
  const Opened opened = open_plugin("fine", {}, fakes);
  ASSERT_EQ(opened.missing.size(), 1U);
  EXPECT_EQ(opened.missing[0].why.message(), "has no devices");
}

TEST(Plugin, that_is_absent_is_missing_with_the_folders_searched) {
  const auto backend = load_plugin("absent", {"/nowhere/a", "/nowhere/b"});
  EXPECT_EQ(backend.status().to_string(),
            "unavailable: libtroika-absent.so: not found in /nowhere/a:/nowhere/b");
}

TEST(Plugin, that_is_no_library_is_refused_in_the_loaders_words) {
  const TemporaryFolder folder;
  std::ofstream{folder / "libtroika-text.so"} << "not a library";
  const auto backend = load_plugin("text", {folder.path()});
  EXPECT_EQ(backend.status().code(), Code::unavailable);
  EXPECT_THAT(backend.status().to_string(), HasSubstr("file too short"));
}

TEST(Plugin, without_the_symbol_is_refused) {
  expect_refused("stranger", "not a Troika plug-in (no symbol troika_backend)");
}

TEST(Plugin, with_another_magic_number_is_refused) {
  expect_refused("bad_magic", "another magic number");
}

TEST(Plugin, of_another_interface_is_refused_with_both_numbers) {
  expect_refused("other_abi", "interface 77, this is 1");
}

TEST(Plugin, with_another_descriptor_is_refused) { expect_refused("other_size", "has 8 bytes"); }

TEST(Plugin, of_another_compiler_is_refused_with_both_names) {
  expect_refused("other_compiler", "built by compiler colossus 1, this by ");
}

TEST(Plugin, with_another_sanitizer_is_refused) {
  expect_refused("other_sanitizer", "built with sanitizer valgrind, this with ");
}

TEST(Plugin, with_structs_of_other_sizes_is_refused) {
  expect_refused("other_layout", "structs have other sizes");
}

TEST(Plugin, whose_driver_is_absent_is_missing_with_its_reason) {
  const Opened opened = open_plugin("failing_open", {}, fakes);
  EXPECT_TRUE(opened.devices.empty());
  ASSERT_EQ(opened.missing.size(), 1U);
  EXPECT_EQ(opened.missing[0].what, "failing_open");
  EXPECT_EQ(opened.missing[0].why.to_string(), "unavailable: libfake.so.1: no such driver");
}

TEST(Plugin, path_starts_with_the_users_and_ends_beside_the_program) {
  ASSERT_EQ(setenv("TROIKA_PLUGIN_PATH", "/one::/two", 1), 0);
  const auto path = plugin_path();
  unsetenv("TROIKA_PLUGIN_PATH");
  ASSERT_GE(path.size(), 4U);
  EXPECT_EQ(path[0], "/one");
  EXPECT_EQ(path[1], "/two");
  const fs::path program = fs::canonical("/proc/self/exe").parent_path();
  EXPECT_EQ(path[2], program / "troika");
  EXPECT_EQ(path[3], program.parent_path() / "lib" / "troika");
}

}  // namespace
}  // namespace troika
