#include "serving/onnx/compiled.h"

#include <algorithm>
#include <cstring>
#include <unordered_map>

#include "serving/onnx/kernels/conv.h"
#include "serving/onnx/kernels/dnnl.h"

namespace troika::onnx {
namespace {

troika::Storage storage_of(const Buffer<std::byte>& buffer) {
  return static_cast<Operand>(buffer).storage;
}

std::span<std::byte> bytes_of(const std::shared_ptr<std::byte>& data, std::size_t bytes) {
  return {data.get(), std::max<std::size_t>(bytes, 1)};
}

// Scratch that earlier steps have done with serves later ones: a chain of layers then works in two
// or three places that stay in cache.
class ScratchPool {
 public:
  ScratchPool(Graph& graph, const Program& program) : graph_{graph} {
    for (std::size_t i = 0; i < program.steps.size(); ++i) {
      for (const Array& array : program.steps[i].reads) last_use_[array.storage] = i;
      last_use_[program.steps[i].write.storage] = i;
    }
  }

  troika::Storage take(std::size_t bytes) {
    const auto fits = [&](const troika::Storage& free) {
      return free.bytes >= bytes && free.bytes <= 4 * bytes;
    };
    const auto found = std::ranges::find_if(free_, fits);
    if (found == free_.end()) {
      bytes_ += bytes;
      return static_cast<Operand>(graph_.scratch<std::byte>(bytes).view()).storage;
    }
    const troika::Storage taken = *found;
    free_.erase(found);
    return taken;
  }
  void give_back_after(std::size_t step, std::uint32_t storage, const troika::Storage& place) {
    if (last_use_.at(storage) == step) free_.push_back(place);
  }
  std::size_t bytes() const noexcept { return bytes_; }

 private:
  Graph& graph_;
  std::unordered_map<std::uint32_t, std::size_t> last_use_;
  std::vector<troika::Storage> free_;
  std::size_t bytes_ = 0;
};

class Emitter {
 public:
  Emitter(Runtime& runtime, CompiledModel& model, const ResidentBuffers& resident,
          PackedWeights& packed, const Placement& placement)
      : runtime_{runtime},
        model_{model},
        resident_{resident},
        packed_{packed},
        placement_{placement},
        pool_{graph_, model.program},
        places_(model.program.storages.size()) {}

  void emit() {
    encode_params();
    for (std::size_t i = 0; i < model_.program.steps.size(); ++i) add_task(i);
    if (!graph_.empty()) model_.plan = runtime_.compile(graph_);
    model_.bytes += pool_.bytes() + model_.params.bytes();
    if (model_.plan) model_.bytes += model_.plan->bytes();
  }

 private:
  void encode_params() {
    std::size_t count = 0;
    for (const Step& step : model_.program.steps) {
      calls_.push_back(call_of(step));
      count += calls_.back().params.size();
    }
    model_.params = make_tensor(ElementType::i64, {static_cast<std::int64_t>(count)});
    auto to = model_.params.mutable_as<std::int64_t>().begin();
    for (const KernelCall& call : calls_) to = std::ranges::copy(call.params, to).out;
    params_ = storage_of(keep(model_.params.data, model_.params.bytes()));
  }

  Buffer<std::byte> keep(const std::shared_ptr<std::byte>& data, std::size_t bytes) {
    return model_.kept.emplace_back(runtime_.adopt(bytes_of(data, bytes), data));
  }

  troika::Storage constant(const onnx::Storage& storage) {
    for (const auto& [data, buffer] : resident_)
      if (data == storage.data) return storage_of(buffer);
    model_.bytes += storage.bytes;
    return storage_of(keep(storage.data, storage.bytes));
  }

  troika::Storage bound(std::optional<Buffer<std::byte>>& port, std::size_t bytes) {
    if (!port) port = runtime_.buffer<std::byte>(bytes);
    return storage_of(*port);
  }

  const troika::Storage& place_of(std::uint32_t index) {
    auto& place = places_[index];
    if (place) return *place;
    const onnx::Storage& storage = model_.program.storages[index];
    switch (storage.kind) {
      case Storage::Kind::constant: place = constant(storage); break;
      case Storage::Kind::input: place = bound(model_.inputs[storage.port], storage.bytes); break;
      case Storage::Kind::output: place = bound(model_.outputs[storage.port], storage.bytes); break;
      case Storage::Kind::scratch: place = pool_.take(storage.bytes); break;
    }
    return *place;
  }

  AnyArg argument(Access access, const Array& array, Type type) {
    return {access, {place_of(array.storage), type, region_of(array)}};
  }

  void add_task(std::size_t at) {
    const Step& step = model_.program.steps[at];
    const KernelCall& call = calls_[at];
    std::vector<AnyArg> args;
    for (std::size_t i = 0; i < step.reads.size(); ++i)
      args.push_back(argument(Access::read, step.reads[i], call.kernel->inputs[i]));
    const std::size_t bytes = call.params.size() * sizeof(std::int64_t);
    args.push_back({Access::read, {params_, Type::i64, Region::bytes(params_at_, bytes)}});
    params_at_ += bytes;
    args.push_back(argument(Access::write, step.write, call.kernel->output));
    auto state = prepare(step, model_.program.storages, packed_);
    args.emplace_back(static_cast<std::uint64_t>(call.items));
    args.emplace_back(static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(state.get())));
    args.emplace_back(step.flops);
    if (state) model_.states.push_back(std::move(state));
    place(graph_.add(call.kernel->name, args).label(step.node), at);
    give_back(at, step);
  }

  void place(TaskRef task, std::size_t at) {
    task.priority(placement_.priority);
    const auto& devices = placement_.devices;
    if (placement_.alternate && !devices.empty()) task.only_on(devices[at % devices.size()]);
    else
      for (const std::string& device : devices) task.only_on(device);
  }

  void give_back(std::size_t at, const Step& step) {
    std::vector<std::uint32_t> seen;
    const auto look = [&](const Array& array) {
      if (std::ranges::find(seen, array.storage) != seen.end()) return;
      seen.push_back(array.storage);
      if (model_.program.storages[array.storage].kind == Storage::Kind::scratch)
        pool_.give_back_after(at, array.storage, *places_[array.storage]);
    };
    for (const Array& array : step.reads) look(array);
    look(step.write);
  }

  Runtime& runtime_;
  CompiledModel& model_;
  const ResidentBuffers& resident_;
  PackedWeights& packed_;
  const Placement& placement_;
  Graph graph_;
  ScratchPool pool_;
  std::vector<KernelCall> calls_;
  std::vector<std::optional<troika::Storage>> places_;
  troika::Storage params_;
  std::size_t params_at_ = 0;
};

}  // namespace

std::shared_ptr<const CompiledModel> compiled(Runtime& runtime, Program program,
                                              const ResidentBuffers& resident,
                                              PackedWeights& packed, const Placement& placement) {
  auto model = std::make_shared<CompiledModel>();
  model->program = std::move(program);
  std::size_t inputs = 0;
  for (const onnx::Storage& storage : model->program.storages)
    if (storage.kind == Storage::Kind::input) inputs = std::max(inputs, storage.port + 1);
  model->inputs.resize(inputs);
  model->outputs.resize(model->program.outputs.size());
  Emitter{runtime, *model, resident, packed, placement}.emit();
  return model;
}

}  // namespace troika::onnx
