#include "backends/opencl/options.h"

#include <cstdlib>

#include <gtest/gtest.h>

namespace troika::opencl {
namespace {

class OptionsTest : public testing::Test {
 protected:
  void SetUp() override { unsetenv("TROIKA_OPENCL_MEMORY"); }
  void TearDown() override { unsetenv("TROIKA_OPENCL_MEMORY"); }

  static Sharing memory(std::string_view text) {
    const auto options = parse_options(text);
    EXPECT_TRUE(options.ok()) << options.status().to_string();
    return options.ok() ? options->memory : Sharing::host_pointer;
  }
};

TEST_F(OptionsTest, share_the_hosts_pages_unless_told_otherwise) {
  EXPECT_EQ(memory(""), Sharing::host_pointer);
  EXPECT_EQ(memory("memory=svm"), Sharing::svm);
  EXPECT_EQ(memory("memory=host_pointer"), Sharing::host_pointer);
  EXPECT_EQ(memory("memory=separate"), Sharing::separate);
}

TEST_F(OptionsTest, come_from_the_environment_where_the_program_says_nothing) {
  setenv("TROIKA_OPENCL_MEMORY", "separate", 1);
  EXPECT_EQ(memory(""), Sharing::separate);
  EXPECT_EQ(memory("memory=svm"), Sharing::svm);
  setenv("TROIKA_OPENCL_MEMORY", "", 1);
  EXPECT_EQ(memory(""), Sharing::host_pointer);
}

TEST_F(OptionsTest, count_the_cores_that_a_device_may_have) {
  EXPECT_EQ(parse_options("")->cores, 0U);
  const auto both = parse_options("cores=3,memory=separate");
  ASSERT_TRUE(both.ok());
  EXPECT_EQ(both->cores, 3U);
  EXPECT_EQ(both->memory, Sharing::separate);
  for (const char* const none : {"cores=0", "cores=-1", "cores=two", "cores=1x"})
    EXPECT_EQ(parse_options(none).status().to_string(),
              "invalid_argument: opencl: " + std::string{none} + ": it is a count of at least 1");
  EXPECT_EQ(parse_options("cores=").status().code(), Code::invalid_argument);
}

TEST_F(OptionsTest, that_mean_nothing_are_refused_by_name) {
  EXPECT_EQ(parse_options("memory=apart").status().to_string(),
            "invalid_argument: opencl: memory=apart: it is one of host_pointer, svm, separate");
  EXPECT_EQ(
      parse_options("memory=svm,memories=2").status().to_string(),
      "invalid_argument: opencl: no option is \"memories=2\"; there are memory=… and cores=…");
  EXPECT_EQ(parse_options("memory").status().code(), Code::invalid_argument);
  setenv("TROIKA_OPENCL_MEMORY", "mine", 1);
  EXPECT_EQ(parse_options("").status().to_string(),
            "invalid_argument: opencl: TROIKA_OPENCL_MEMORY=mine: it is one of "
            "host_pointer, svm, separate");
}

}  // namespace
}  // namespace troika::opencl
