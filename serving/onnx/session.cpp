#include "serving/onnx/session.h"

#include <algorithm>
#include <atomic>

#include "serving/onnx/compiled.h"
#include "serving/onnx/kernels/dnnl.h"

namespace troika::onnx {
namespace {

bool fits(const Dims& declared, const Dims& given) {
  return declared.size() == given.size() &&
         std::equal(declared.begin(), declared.end(), given.begin(),
                    [](std::int64_t d, std::int64_t g) { return g >= 0 && (d == -1 || d == g); });
}

void check_dims(const char* role, const Port& port, const Dims& given) {
  if (!fits(port.dims, given))
    refuse(Code::invalid_argument, std::string{role} + " '" + port.name + "' is " +
                                       to_string(port.dims) + " (-1: any), given " +
                                       to_string(given));
}

void check(const char* role, const Port& port, const TensorRef& given) {
  const std::string title = std::string{role} + " '" + port.name + "'";
  if (given.type != port.type)
    refuse(Code::invalid_argument, title + " is " + std::string{name_of(port.type)} + ", given " +
                                       std::string{name_of(given.type)});
  check_dims(role, port, given.dims);
  if (given.data == nullptr && elements_of(given.dims) != 0)
    refuse(Code::invalid_argument, title + " has no memory");
}

// The memory that runs use in place, where the plan was made with a stand-in for it.
void adopt(Adoptions& adoptions, const std::vector<std::optional<Buffer<std::byte>>>& ports,
           std::span<const TensorRef> given, std::vector<Adoptions::Use>& adopted,
           std::vector<Binding>& bindings) {
  for (std::size_t i = 0; i < ports.size(); ++i) {
    if (!ports[i]) continue;
    adopted.push_back(adoptions.adopt(std::span{given[i].data, ports[i]->size()}));
    bindings.push_back(troika::bind(*ports[i], adopted.back().buffer()));
  }
}

Run launched(Runtime& runtime, const CompiledModel& model, std::span<const Binding> bindings,
             Job* completion) {
  RuntimeCore& core = *runtime.core();
  const auto plan = model.plan ? model.plan->state()
                               : value_or_throw(core.compile(Graph{}, RuntimeCore::Runs::once));
  return {runtime.core(), value_or_throw(core.start(plan, bindings, completion))};
}

// A run that nobody waits for, with what it needs. Belongs to itself once it is launched.
class Flight final : public Job {
 public:
  Flight(std::shared_ptr<const CompiledModel> plan, std::vector<Adoptions::Use> adopted,
         Completion& completion)
      : plan_{std::move(plan)}, adopted_{std::move(adopted)}, completion_{completion} {}

  // The run may be over before who started it has its handle: whoever is second tells.
  void launched_as(const Run& run) {
    run_ = run;
    arrive();
  }
  void run(unsigned /*worker*/) noexcept override { arrive(); }

 private:
  void arrive() noexcept {
    if (arrived_.fetch_add(1, std::memory_order_acq_rel) == 0) return;
    const Status outcome = run_->status();
    Completion& completion = completion_;
    delete this;
    completion.done(outcome);
  }

  const std::shared_ptr<const CompiledModel> plan_;
  const std::vector<Adoptions::Use> adopted_;
  Completion& completion_;
  std::optional<Run> run_;
  std::atomic<int> arrived_{0};
};

}  // namespace

Pending::Pending(std::shared_ptr<const CompiledModel> plan, Run run,
                 std::vector<Adoptions::Use> adopted)
    : plan_{std::move(plan)}, run_{std::move(run)}, adopted_{std::move(adopted)} {}
Pending::Pending(Pending&& other) noexcept = default;
Pending::~Pending() {
  // What the host prepared for the plan's steps must outlive them.
  if (plan_) (void)run_.status();
}

Session::Session(Runtime& runtime, const Model& model, SessionOptions options)
    : runtime_{runtime},
      options_{std::move(options)},
      adoptions_{options_.adoptions ? options_.adoptions : std::make_shared<Adoptions>(runtime)},
      graph_{simplified(model.graph(), options_.limits)},
      packed_{std::make_unique<PackedWeights>()} {
  throw_if_failed(define_kernels(runtime_.kernels()));
  for (const auto& [name, tensor] : graph_.initializers) {
    statistics_.weight_bytes += tensor.bytes();
    weights_.emplace_back(
        tensor.data,
        runtime_.adopt(std::span{tensor.data.get(), std::max<std::size_t>(tensor.bytes(), 1)},
                       tensor.data));
  }
}

Session::~Session() = default;

Session::Compiled Session::found(const PlanKey& key) {
  const std::lock_guard lock{mutex_};
  const auto at = std::ranges::find(plans_, key, &Entry::key);
  if (at == plans_.end()) {
    statistics_.misses += 1;
    return nullptr;
  }
  statistics_.hits += 1;
  plans_.splice(plans_.begin(), plans_, at);
  return at->plan;
}

void Session::keep(const PlanKey& key, const Compiled& plan) {
  std::vector<Compiled> gone;  // given up when the lock is
  const std::lock_guard lock{mutex_};
  plans_.push_front({key, plan});
  statistics_.plan_bytes += plan->bytes;
  while (statistics_.plan_bytes > options_.plan_bytes_max && plans_.size() > 1) {
    statistics_.plan_bytes -= plans_.back().plan->bytes;
    statistics_.evictions += 1;
    gone.push_back(std::move(plans_.back().plan));
    plans_.pop_back();
  }
}

Session::Compiled Session::plan_for(const PlanKey& key) {
  if (auto plan = found(key)) return plan;
  const auto made = compiled(runtime_, lower(graph_, key.inputs, options_.limits), weights_,
                             *packed_, {options_.devices, options_.alternate, key.priority});
  keep(key, made);
  return made;
}

void Session::check_count(std::size_t inputs) const {
  if (inputs != graph_.inputs.size())
    refuse(Code::invalid_argument, std::to_string(inputs) + " inputs, the model has " +
                                       std::to_string(graph_.inputs.size()));
}

std::vector<Dims> Session::checked(std::span<const TensorRef> inputs) const {
  check_count(inputs.size());
  std::vector<Dims> dims;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    check("input", graph_.inputs[i], inputs[i]);
    dims.push_back(inputs[i].dims);
  }
  return dims;
}

Session::Bound Session::bound(std::span<const TensorRef> inputs, std::span<const TensorRef> outputs,
                              Priority priority) {
  Bound bound{plan_for({checked(inputs), priority}), {}, {}};
  const auto& made = bound.plan->program.outputs;
  if (outputs.size() != made.size())
    refuse(Code::invalid_argument, std::to_string(outputs.size()) + " outputs, the model has " +
                                       std::to_string(made.size()));
  for (std::size_t i = 0; i < made.size(); ++i)
    check("output", {graph_.outputs[i].name, made[i].type, made[i].dims}, outputs[i]);
  adopt(*adoptions_, bound.plan->inputs, inputs, bound.adopted, bound.bindings);
  adopt(*adoptions_, bound.plan->outputs, outputs, bound.adopted, bound.bindings);
  return bound;
}

Pending Session::start(std::span<const TensorRef> inputs, std::span<const TensorRef> outputs) {
  Bound bound = this->bound(inputs, outputs, Priority::normal);
  Run run = launched(runtime_, *bound.plan, bound.bindings, nullptr);
  return {std::move(bound.plan), std::move(run), std::move(bound.adopted)};
}

Run Session::start(std::span<const TensorRef> inputs, std::span<const TensorRef> outputs,
                   Priority priority, Completion& completion) {
  Bound bound = this->bound(inputs, outputs, priority);
  auto flight = std::make_unique<Flight>(bound.plan, std::move(bound.adopted), completion);
  Run run = launched(runtime_, *bound.plan, bound.bindings, flight.get());
  flight.release()->launched_as(run);
  return run;
}

std::vector<Tensor> Session::run(std::span<const TensorRef> inputs) {
  std::vector<Tensor> results;
  std::vector<TensorRef> outputs;
  for (const Port& port : outputs_for(checked(inputs))) {
    results.push_back(make_tensor(port.type, port.dims));
    outputs.emplace_back(port.type, port.dims, results.back().data.get());
  }
  run(inputs, outputs);
  return results;
}

std::vector<Port> Session::outputs_for(const std::vector<Dims>& inputs, Priority priority) {
  check_count(inputs.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) check_dims("input", graph_.inputs[i], inputs[i]);
  const Compiled plan = plan_for({inputs, priority});
  std::vector<Port> ports;
  for (std::size_t i = 0; i < plan->program.outputs.size(); ++i) {
    const Array& array = plan->program.outputs[i];
    ports.push_back({graph_.outputs[i].name, array.type, array.dims});
  }
  return ports;
}

Session::Statistics Session::statistics() const {
  const std::lock_guard lock{mutex_};
  Statistics now = statistics_;
  now.plans = plans_.size();
  return now;
}

std::string Session::explain(const std::vector<Dims>& inputs) {
  const Compiled plan = plan_for({inputs, Priority::normal});
  std::string text;
  for (const Step& step : plan->program.steps)
    text += call_of(step).kernel->name + " " + to_string(step.write.dims) + " " + step.node + "\n";
  return text;
}

}  // namespace troika::onnx
