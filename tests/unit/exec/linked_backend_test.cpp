// A runtime in a program that has the OpenCL backend linked in, with its plug-in at hand, too.
#include <algorithm>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "runtime/troika.h"

namespace troika {
namespace {

bool is_loaded(const std::string& library) {
  std::ifstream maps{"/proc/self/maps"};
  for (std::string line; std::getline(maps, line);)
    if (line.ends_with(library)) return true;
  return false;
}

TEST(LinkedBackend, is_opened_in_place_of_its_plugin) {
  const Runtime runtime;
  EXPECT_FALSE(is_loaded("libtroika-opencl.so"));
  bool found = std::ranges::any_of(
      runtime.devices(), [](const auto& device) { return device->info().backend == "opencl"; });
  for (const Missing& missing : runtime.missing()) {
    EXPECT_EQ(missing.why.to_string().find("libtroika-opencl.so"), std::string::npos);
    found |= missing.what.starts_with("opencl");
  }
  EXPECT_TRUE(found) << "neither a device nor a word on its absence";
}

TEST(LinkedBackend, is_left_alone_by_a_runtime_on_the_host_alone) {
  RuntimeOptions options;
  options.devices = {"host"};
  options.backends = "opencl.memory=separate";
  const Runtime runtime{options};
  EXPECT_EQ(runtime.devices().size(), 1U);
  ASSERT_EQ(runtime.missing().size(), 3U);
  EXPECT_EQ(runtime.missing()[0].what, "opencl");
  EXPECT_EQ(runtime.missing()[1].what, "cuda");
  EXPECT_EQ(runtime.missing()[2].what, "xrt");
  for (const Missing& missing : runtime.missing())
    EXPECT_EQ(missing.why.to_string(), "unavailable: not opened: only the host may run kernels");
}

}  // namespace
}  // namespace troika
