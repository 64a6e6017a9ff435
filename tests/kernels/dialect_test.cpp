#include "tests/kernels/dialect_test.h"

namespace troika::kernels {

void DialectTest::SetUp() {
  if (GetParam() == Dialect::host) {
    static const std::unique_ptr<Runner> host = host_runner();
    runner_ = host.get();
    return;
  }
  static const Result<std::unique_ptr<Runner>> opencl = opencl_runner();
  if (!opencl.ok() && opencl.status().code() == Code::unavailable)
    GTEST_SKIP() << opencl.status().to_string();
  ASSERT_TRUE(opencl.ok()) << opencl.status().to_string();
  runner_ = opencl->get();
}

void DialectTest::run(const Operation& operation, const std::vector<CallArg>& args) {
  const Status status = runner_->run(operation, args);
  inputs_.clear();
  ASSERT_TRUE(status.ok()) << status.to_string();
}

}  // namespace troika::kernels
