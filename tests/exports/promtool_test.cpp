// Prometheus's own checker on what a runtime says of itself.
#include <fstream>

#include <gtest/gtest.h>

#include "runtime/troika.h"
#include "tests/exports/program.h"
#include "tests/temporary_folder.h"

namespace troika {
namespace {

TEST(Promtool, accepts_the_metrics_of_a_runtime_without_a_remark) {
  const auto promtool = find_program({"promtool"});
  if (!promtool) GTEST_SKIP() << "promtool is not installed (Debian package prometheus)";
  Runtime runtime;
  const TemporaryFolder folder;
  const std::string page = (folder / "metrics").string();
  std::ofstream{page} << runtime.metrics();
  const Said said = said_by(*promtool + " check metrics < " + page);
  EXPECT_EQ(said.exit_code, 0) << said.text;
  EXPECT_EQ(said.text, "");
}

}  // namespace
}  // namespace troika
