// What the tests of the XRT backend do to devices of the device model.
#pragma once

#include <gmock/gmock.h>

#include "backends/xrt/xrt.h"
#include "runtime/exec/service_thread.h"
#include "tests/host_bytes.h"
#include "tests/reports.h"
#include "tests/unit/xrt/model.h"

namespace troika::xrt {

// Each test opens its devices itself, with the machine that it wants.
class XrtTest : public OnXrtModel {
 protected:
  Result<Opened> open_devices(const std::string& text) {
    BackendOptions options;
    options.environment = &environment;
    options.text = text;
    return open_all(options);
  }

  ServiceThread environment;
};

// The first of them, with a queue.
class XrtDeviceTest : public XrtTest {
 protected:
  void open(const std::string& text) {
    auto opened = open_devices(text);
    ASSERT_TRUE(opened.ok()) << opened.status().to_string();
    ASSERT_FALSE(opened->devices.empty()) << opened->missing.front().why.to_string();
    device = std::move(opened->devices.front());
    queue = make_queue(1);
  }
  std::unique_ptr<Queue> make_queue(std::uint32_t id, QueueUse use = QueueUse::compute) {
    auto made = device->create_queue(QueueId{id}, use, 0, reports);
    EXPECT_TRUE(made.ok()) << made.status().to_string();
    return std::move(*made);
  }

  std::unique_ptr<Allocation> allocate(std::size_t words) {
    auto made = device->memory().allocate({4 * words});
    EXPECT_TRUE(made.ok()) << made.status().to_string();
    return std::move(*made);
  }
  // Buffers and scalars of i32, in an order that the letters tell: "bb4".
  Result<std::unique_ptr<LoadedKernel>> load(const std::string& name, const std::string& letters) {
    KernelImage image;
    image.operation = image.entry = name;
    image.dialect = Dialect::xclbin;
    for (const char letter : letters)
      image.params.push_back({letter == 'b', Type::i32, Access::update});
    return device->load(image);
  }
  // The kernel y = f(x) of n elements, which all of those that copy are.
  Result<Timepoint> launch(const LoadedKernel& kernel, const Allocation& x, const Allocation& y,
                           int n) {
    const KernelArg args[] = {
        {{&x, 0, x.bytes()}, {}}, {{&y, 0, y.bytes()}, {}}, {{}, Scalar::of(n)}};
    return queue->launch({&kernel, args, {}, nullptr});
  }
  // x[i] = x[i] * a + b
  Result<Timepoint> mix(Queue& on, const LoadedKernel& kernel, const Allocation& x, int a, int b,
                        int n) {
    const KernelArg args[] = {
        {{&x, 0, x.bytes()}, {}}, {{}, Scalar::of(a)}, {{}, Scalar::of(b)}, {{}, Scalar::of(n)}};
    return on.launch({&kernel, args, {}, nullptr});
  }

  void arrive(Queue& on, const Result<Timepoint>& point) {
    ASSERT_TRUE(point.ok()) << point.status().to_string();
    ASSERT_TRUE(on.flush().ok());
    reports.wait(*point);
  }
  void fill(const Allocation& to, int value) {
    arrive(*queue, queue->fill({{&to, 0, to.bytes()}, Scalar::of(value)}));
  }
  // The word at `index`, as the device has it.
  int word(const Allocation& from, std::size_t index) {
    HostBytes host{4};
    arrive(*queue, queue->copy({{&from, 4 * index, 4}, {&host, 0, 4}}));
    return *reinterpret_cast<int*>(host.host());
  }
  // The only failure so far, in the backend's words.
  std::string failure() {
    const auto failures = reports.failures();
    return failures.size() == 1 ? failures.front().second.to_string()
                                : std::to_string(failures.size()) + " failures";
  }

  Reports reports;
  std::unique_ptr<Device> device;
  std::unique_ptr<Queue> queue;
};

}  // namespace troika::xrt
