// A step as a call on this thread.
#pragma once

#include <memory>

#include "serving/onnx/program.h"

namespace troika::onnx {

class PackedWeights;

// All that the step touches must have its bytes in the storages, and keep them.
class HostCallOf {
 public:
  HostCallOf(const Step& step, const std::vector<Storage>& storages, PackedWeights& packed);
  void run() const { call_.kernel->host(args_); }
  const KernelSpec& kernel() const noexcept { return *call_.kernel; }

 private:
  KernelCall call_;
  std::shared_ptr<const void> state_;
  HostArgs args_;
};

}  // namespace troika::onnx
