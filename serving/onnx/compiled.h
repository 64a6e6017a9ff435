// A program as a plan of a runtime's, with all that its runs need.
#pragma once

#include <memory>
#include <vector>

#include "runtime/troika.h"
#include "serving/onnx/lower.h"

namespace troika::onnx {

class PackedWeights;

// Constants that lie in a runtime's buffers already, by where they begin.
using ResidentBuffers = std::vector<std::pair<std::shared_ptr<std::byte>, Buffer<std::byte>>>;

struct Placement {
  std::vector<std::string> devices;
  bool alternate = false;
  Priority priority = Priority::normal;
};

struct CompiledModel {
  Program program;
  Tensor params;  // of all steps, one after another
  std::vector<std::shared_ptr<const void>> states;
  std::vector<Buffer<std::byte>> kept;  // params and constants of this plan's own
  std::vector<std::optional<Buffer<std::byte>>> inputs, outputs;  // what runs bind; none: not used
  std::optional<Plan> plan;  // none when the program has no steps
  std::size_t bytes = 0;     // an estimate of what it occupies, one run's scratch included
};

// Throws Error: what prepare() and Runtime::compile() throw.
std::shared_ptr<const CompiledModel> compiled(Runtime& runtime, Program program,
                                              const ResidentBuffers& resident,
                                              PackedWeights& packed, const Placement& placement);

}  // namespace troika::onnx
