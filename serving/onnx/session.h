// Runs a model on a runtime: one plan for each set of input shapes, kept within a budget of bytes.
#pragma once

#include <list>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "runtime/troika.h"
#include "serving/onnx/lower.h"
#include "serving/onnx/model.h"

namespace troika::onnx {

struct SessionOptions {
  std::size_t plan_bytes_max = std::size_t{256}
                               << 20;  // plans beyond it go, least recently used first
  LowerLimits limits;
  // Devices or backends that steps may run on; empty: any.
  std::vector<std::string> devices;
  // Steps go to those devices in turn instead, whatever is best: tries every way between them.
  bool alternate = false;
};

class PackedWeights;
struct CompiledModel;

// A run under way. Move-only; its memory must stay until wait() has returned or it is destroyed,
// which waits, too.
class Pending {
 public:
  Pending(Pending&&) noexcept;
  Pending& operator=(Pending&&) = delete;
  ~Pending();

  // Throws as Run::wait(), naming the node.
  void wait() const { run_.wait(); }
  bool done() const noexcept { return run_.done(); }
  void cancel() const { run_.cancel(); }

 private:
  friend class Session;
  Pending(std::shared_ptr<const CompiledModel> plan, Run run,
          std::vector<Buffer<std::byte>> adopted);

  std::shared_ptr<const CompiledModel> plan_;  // null once moved from
  Run run_;
  std::vector<Buffer<std::byte>> adopted_;
};

// Thread-safe, but for its destruction; to be destroyed before its runtime.
class Session {
 public:
  // Copies the model's weights once. Throws Error as simplified() and Runtime's calls do.
  Session(Runtime& runtime, const Model& model, SessionOptions options = {});
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Starts a run on the caller's memory, used in place: inputs and outputs in the model's order,
  // row-major, no two of them overlapping, nor any that another run uses at the time. Makes a plan
  // first when it has none for these shapes, which may take seconds. Throws invalid_argument for a
  // number, type or shape that does not fit, naming the input; else as lower() and Runtime::run().
  Pending start(std::span<const TensorRef> inputs, std::span<const TensorRef> outputs);
  void run(std::span<const TensorRef> inputs, std::span<const TensorRef> outputs) {
    start(inputs, outputs).wait();
  }
  // The same into tensors of its own.
  std::vector<Tensor> run(std::span<const TensorRef> inputs);

  // Types and dimensions of the outputs for inputs of these dimensions; makes the plan.
  std::vector<Port> outputs_for(const std::vector<Dims>& inputs);

  struct Statistics {
    std::size_t plans = 0, plan_bytes = 0, weight_bytes = 0;
    std::uint64_t hits = 0, misses = 0, evictions = 0;
  };
  Statistics statistics() const;
  // The steps of the plan for these inputs, a line each: kernel, result's dimensions, node.
  std::string explain(const std::vector<Dims>& inputs);

 private:
  using Compiled = std::shared_ptr<const CompiledModel>;
  struct Entry {
    std::vector<Dims> inputs;
    Compiled plan;
  };

  Compiled plan_for(const std::vector<Dims>& inputs);
  Compiled found(const std::vector<Dims>& inputs);
  void keep(const std::vector<Dims>& inputs, const Compiled& plan);
  std::vector<Dims> checked(std::span<const TensorRef> inputs) const;

  Runtime& runtime_;
  SessionOptions options_;
  ModelGraph graph_;
  std::unique_ptr<PackedWeights> packed_;
  std::vector<std::pair<std::shared_ptr<std::byte>, Buffer<std::byte>>> weights_;
  mutable std::mutex mutex_;  // protects plans_ and statistics_
  std::list<Entry> plans_;    // most recently used first
  Statistics statistics_;
};

}  // namespace troika::onnx
