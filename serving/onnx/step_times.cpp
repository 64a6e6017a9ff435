#include "serving/onnx/step_times.h"

#include <algorithm>
#include <chrono>

#include "serving/onnx/host_call.h"
#include "serving/onnx/kernels/dnnl.h"
#include "serving/onnx/lower.h"

namespace troika::onnx {

std::map<std::string, double> step_times(const Model& model, const std::vector<Dims>& inputs,
                                         unsigned repeats) {
  using Clock = std::chrono::steady_clock;
  Program program = lower(simplified(model.graph(), {}), inputs, {});
  for (Storage& storage : program.storages)
    if (storage.data == nullptr)
      storage.data = make_tensor(ElementType::u8, {static_cast<std::int64_t>(storage.bytes)}).data;
  PackedWeights packed;
  std::map<std::string, double> times;
  for (const Step& step : program.steps) {
    const HostCallOf call{step, program.storages, packed};
    double least = 1e300;
    for (unsigned i = 0; i < repeats; ++i) {
      const auto start = Clock::now();
      call.run();
      const std::chrono::duration<double, std::micro> took = Clock::now() - start;
      least = std::min(least, took.count());
    }
    times[call.kernel().name] += least;
  }
  return times;
}

}  // namespace troika::onnx
