#include "tests/kernels/dialect_test.h"

namespace troika::kernels {
namespace {

// Opened once, and only where a test runs there. Never closed: a vendor is not called during static
// destruction.
const Result<std::unique_ptr<Runner>>& device_runner(Dialect dialect) {
  if (dialect == Dialect::opencl_c) {
    static const auto& opencl = *new Result<std::unique_ptr<Runner>>{opencl_runner()};
    return opencl;
  }
  static const auto& cuda = *new Result<std::unique_ptr<Runner>>{cuda_runner()};
  return cuda;
}

}  // namespace

void DialectTest::SetUp() {
  if (GetParam() == Dialect::host) {
    static const std::unique_ptr<Runner> host = host_runner();
    runner_ = host.get();
    return;
  }
  const Result<std::unique_ptr<Runner>>& device = device_runner(GetParam());
  if (!device.ok() && device.status().code() == Code::unavailable)
    GTEST_SKIP() << device.status().to_string();
  ASSERT_TRUE(device.ok()) << device.status().to_string();
  runner_ = device->get();
}

void DialectTest::run(const Operation& operation, const std::vector<CallArg>& args) {
  const Status status = runner_->run(operation, args);
  inputs_.clear();
  ASSERT_TRUE(status.ok()) << status.to_string();
}

}  // namespace troika::kernels
