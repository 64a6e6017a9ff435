// What the tests of the OpenCL backend do to a device.
#pragma once

#include <atomic>
#include <cstdlib>
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/exec/service_thread.h"
#include "tests/host_bytes.h"
#include "tests/opencl_devices.h"
#include "tests/reports.h"
#include "tests/temporary_folder.h"

namespace troika {

template <class T>
T* as(const Allocation& allocation) {
  return reinterpret_cast<T*>(allocation.host());
}

inline Param buffer_param(Type type, Access access) { return {true, type, access}; }
inline Param scalar_param(Type type) { return {false, type, Access::read}; }
inline KernelArg buffer_arg(const Allocation& in, std::size_t offset = 0) {
  return {{&in, offset, in.bytes() - offset, 1, 0}, {}};
}
template <class T>
KernelArg scalar_arg(T value) {
  return {{}, Scalar::of(value)};
}

inline KernelImage image(std::string entry, std::vector<Param> params, std::string code) {
  KernelImage made;
  made.operation = entry;
  made.dialect = Dialect::opencl_c;
  made.params = std::move(params);
  made.entry = std::move(entry);
  made.code = std::move(code);
  return made;
}

class OpenClTest : public testing::Test {
 protected:
  explicit OpenClTest(std::string options = "memory=host_pointer") : options_{std::move(options)} {}

  static Environment& clock() {
    static ServiceThread clock;
    return clock;
  }

  void SetUp() override {
    setenv("TROIKA_CACHE_DIR", cache_folder.path().c_str(), 1);
    // The driver's own cache is shared by all tests: what is tested here is ours.
    setenv("POCL_CACHE_DIR", TROIKA_TEST_CACHE, 1);
    std::filesystem::create_directories(TROIKA_TEST_CACHE);
    auto found = open_opencl(clock(), options_);
    if (found.status().code() == Code::unavailable)
      GTEST_SKIP() << "unavailable: " << found.status().message();
    ASSERT_TRUE(found.ok()) << found.status().to_string();
    opened = *std::move(found);
    device = chosen();
    if (device == nullptr) GTEST_SKIP() << "unavailable: no device shares the host's memory";
  }
  // PoCL's first device, or the first that shares the host's memory unless told not to.
  Device* chosen() const {
    Device* found = nullptr;
    for (const auto& each : opened.devices) {
      if (options_ == "memory=host_pointer" && each->info().space != host_space) continue;
      if (found == nullptr || each->info().name == "pocl0") found = each.get();
    }
    return found;
  }

  std::unique_ptr<LoadedKernel> load(const KernelImage& image) {
    auto loaded = device->load(image);
    EXPECT_TRUE(loaded.ok()) << loaded.status().to_string();
    return loaded.ok() ? *std::move(loaded) : nullptr;
  }
  std::unique_ptr<Queue> create_queue() {
    auto queue = device->create_queue(QueueId{next_queue_++}, QueueUse::compute, 0, reports);
    EXPECT_TRUE(queue.ok()) << queue.status().to_string();
    return *std::move(queue);
  }
  std::unique_ptr<Allocation> allocate(std::size_t bytes) {
    auto made = device->memory().allocate({bytes});
    EXPECT_TRUE(made.ok()) << made.status().to_string();
    return *std::move(made);
  }
  // Flushes and waits for all that was enqueued.
  void finish(Queue& queue, Timepoint last) {
    ASSERT_TRUE(queue.flush().ok());
    reports.wait(last);
  }

  TemporaryFolder cache_folder;
  Opened opened;
  Device* device = nullptr;
  Reports reports;

 private:
  const std::string options_;
  std::uint32_t next_queue_ = 0;
};

}  // namespace troika
