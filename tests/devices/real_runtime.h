// A runtime on every device of this machine, and on the emulated CUDA driver's where the
// environment leads to it.
#pragma once

#include <cstdlib>
#include <optional>
#include <string>

#include <dlfcn.h>
#include <gtest/gtest.h>

#include "runtime/troika.h"

namespace troika {

// ctest sets it where it puts the emulated driver on the library path.
inline bool on_emulated_cuda() { return std::getenv("EMULATED_CUDA_SCHEDULER") != nullptr; }

// What the emulated driver was not given back, by what it is; empty where all was.
inline std::string left_on_emulated_cuda() {
  void* const driver = dlopen("libcuda.so.1", RTLD_NOW | RTLD_NOLOAD);
  if (!driver) return "no driver was loaded";
  const auto left = reinterpret_cast<const char* (*)()>(dlsym(driver, "cuda_emulator_left"));
  return left ? left() : "another driver than the emulated one was loaded";
}

class RealRuntime : public testing::Test {
 protected:
  using Run = troika::Run;  // not GoogleTest's

  void start(const std::string& policy, const std::string& backends = {}) {
    RuntimeOptions options;
    options.backends = backends;
    options.policy = policy;
    options.workers = 2;
    runtime.emplace(std::move(options));
    std::string missing;
    for (const Missing& each : runtime->missing())
      missing += "\n" + each.what + ": " + each.why.to_string();
    std::size_t of_cuda = 0;
    for (const auto& device : runtime->devices()) of_cuda += device->info().backend == "cuda";
    if (on_emulated_cuda()) {
      ASSERT_EQ(of_cuda, 2U) << missing;
    }
    if (runtime->devices().size() == 1)
      GTEST_SKIP() << "unavailable: no device beside the host" << missing;
  }
  // Ends the runtime, which must have given back all that it had of the driver.
  void end() {
    if (!runtime) return;
    runtime.reset();
    if (on_emulated_cuda()) {
      EXPECT_EQ(left_on_emulated_cuda(), "");
    }
  }

  std::optional<Runtime> runtime;
};

}  // namespace troika
