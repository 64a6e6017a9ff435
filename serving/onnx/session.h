// Runs a model on a runtime: one plan for each set of input shapes, kept within a budget of bytes.
#pragma once

#include <list>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "runtime/troika.h"
#include "serving/onnx/adoptions.h"
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
  // Shared by sessions of one runtime whose runs may use the same memory; null: of its own.
  std::shared_ptr<Adoptions> adoptions;
};

class PackedWeights;
struct CompiledModel;

// Told once that a run is over and its memory is the caller's again: on a worker, or within start()
// on the thread that called it.
class Completion {
 public:
  virtual void done(const Status& outcome) noexcept = 0;

 protected:
  ~Completion() = default;
};

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
  Pending(std::shared_ptr<const CompiledModel> plan, Run run, std::vector<Adoptions::Use> adopted);

  std::shared_ptr<const CompiledModel> plan_;  // null once moved from
  Run run_;
  std::vector<Adoptions::Use> adopted_;
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
  // row-major, no two of them overlapping, nor in part any that another run uses at the time: the
  // same span is shared. Makes a plan first when it has none for these shapes, which may take
  // seconds. Throws invalid_argument for a number, type or shape that does not fit, naming the
  // input; else as lower() and Runtime::run().
  Pending start(std::span<const TensorRef> inputs, std::span<const TensorRef> outputs);
  // The same, all its steps in this class; `completion` stays until it is told. What is returned
  // may be cancelled, or dropped. When it throws, nobody is told. To be destroyed only afterwards.
  Run start(std::span<const TensorRef> inputs, std::span<const TensorRef> outputs,
            Priority priority, Completion& completion);
  void run(std::span<const TensorRef> inputs, std::span<const TensorRef> outputs) {
    start(inputs, outputs).wait();
  }
  // The same into tensors of its own.
  std::vector<Tensor> run(std::span<const TensorRef> inputs);

  // Types and dimensions of the outputs for inputs of these dimensions; makes the plan. Throws as
  // start().
  std::vector<Port> outputs_for(const std::vector<Dims>& inputs,
                                Priority priority = Priority::normal);

  struct Statistics {
    std::size_t plans = 0, plan_bytes = 0, weight_bytes = 0;
    std::uint64_t hits = 0, misses = 0, evictions = 0;
  };
  Statistics statistics() const;
  // The steps of the plan for these inputs, a line each: kernel, result's dimensions, node.
  std::string explain(const std::vector<Dims>& inputs);

 private:
  using Compiled = std::shared_ptr<const CompiledModel>;
  struct PlanKey {
    std::vector<Dims> inputs;
    Priority priority;

    bool operator==(const PlanKey&) const = default;
  };
  struct Entry {
    PlanKey key;
    Compiled plan;
  };
  struct Bound {
    Compiled plan;
    std::vector<Adoptions::Use> adopted;
    std::vector<Binding> bindings;
  };

  Compiled plan_for(const PlanKey& key);
  Compiled found(const PlanKey& key);
  void keep(const PlanKey& key, const Compiled& plan);
  Bound bound(std::span<const TensorRef> inputs, std::span<const TensorRef> outputs,
              Priority priority);
  void check_count(std::size_t inputs) const;
  std::vector<Dims> checked(std::span<const TensorRef> inputs) const;

  Runtime& runtime_;
  SessionOptions options_;
  std::shared_ptr<Adoptions> adoptions_;
  ModelGraph graph_;
  std::unique_ptr<PackedWeights> packed_;
  std::vector<std::pair<std::shared_ptr<std::byte>, Buffer<std::byte>>> weights_;
  mutable std::mutex mutex_;  // protects plans_ and statistics_
  std::list<Entry> plans_;    // most recently used first
  Statistics statistics_;
};

}  // namespace troika::onnx
