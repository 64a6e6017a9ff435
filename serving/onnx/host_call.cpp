#include "serving/onnx/host_call.h"

#include "serving/onnx/kernels/conv.h"
#include "serving/onnx/kernels/dnnl.h"

namespace troika::onnx {

HostCallOf::HostCallOf(const Step& step, const std::vector<Storage>& storages,
                       PackedWeights& packed)
    : call_{call_of(step)}, state_{prepare(step, storages, packed)} {
  const auto at = [&](const Array& array) {
    return storages[array.storage].data.get() + region_of(array).offset;
  };
  for (std::size_t i = 0; i < step.reads.size(); ++i) args_.in[i] = at(step.reads[i]);
  args_.out = at(step.write);
  args_.params = call_.params.data();
  args_.state = state_.get();
}

void run_now(const Step& step, std::vector<Storage>& storages) {
  PackedWeights packed;
  HostCallOf{step, storages, packed}.run();
}

}  // namespace troika::onnx
