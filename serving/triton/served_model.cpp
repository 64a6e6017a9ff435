#include "serving/triton/served_model.h"

#include <algorithm>

namespace troika::triton {
namespace {

using onnx::Dims;
using onnx::Port;

onnx::Model checked(onnx::Model model, const ModelConfig& config) {
  check_agrees(config, model);
  return model;
}

// Those of the wanted devices that are there; throws when none of them is.
std::vector<std::string> present(const ModelConfig& config, Runtime& runtime) {
  std::vector<std::string> there;
  std::string missing;
  for (const std::string& wanted : config.devices) {
    const bool found = std::ranges::any_of(runtime.devices(), [&](const auto& device) {
      return device->info().is_among(std::span{&wanted, 1});
    });
    if (found) there.push_back(wanted);
    else missing += (missing.empty() ? "'" : ", '") + wanted + "'";
  }
  if (missing.empty()) return there;
  const std::string what = "parameter 'devices': " + missing + " of this machine cannot be used";
  if (there.empty()) onnx::refuse(Code::unavailable, what);
  log(TRITONSERVER_LOG_WARN, "model '" + config.name + "': " + what);
  return there;
}

onnx::SessionOptions session_options(const ModelConfig& config, Engine& engine) {
  onnx::SessionOptions options;
  options.devices = present(config, engine.runtime);
  options.adoptions = engine.adoptions;
  return options;
}

// Zeros for every input, in batches of this size; none when another dimension is open.
std::vector<onnx::Tensor> zeros(const std::vector<Port>& inputs, const ModelConfig& config,
                                std::int64_t batch) {
  std::vector<onnx::Tensor> tensors;
  for (const Port& input : inputs) {
    Dims dims = std::ranges::find(config.inputs, input.name, &Port::name)->dims;
    if (config.max_batch_size > 0) dims[0] = batch;
    if (std::ranges::find(dims, -1) != dims.end()) return {};
    tensors.push_back(make_tensor(input.type, dims));
  }
  return tensors;
}

ModelConfig with_defaults(ModelConfig config, Engine& engine) {
  // The server's own threads, which read requests and write answers, need the other half.
  if (config.runs_max == 0)
    config.runs_max = std::max(1U, engine.runtime.core()->workers()->workers() / 2);
  config.chooses_sizes = config.warm_batch_sizes.empty();
  if (config.chooses_sizes)
    config.warm_batch_sizes = BatchSizes::up_to(std::max<std::int64_t>(config.max_batch_size, 1));
  std::ranges::sort(config.warm_batch_sizes);
  return config;
}

// Those that runs are filled up to.
std::vector<std::int64_t> sizes_of(const onnx::Model& model, const ModelConfig& config) {
  const bool known = config.max_batch_size > 0 && !zeros(model.inputs(), config, 1).empty();
  return known ? config.warm_batch_sizes : std::vector<std::int64_t>{};
}

}  // namespace

ServedModel::ServedModel(Engine& engine, ModelConfig config, const std::filesystem::path& file,
                         std::uint64_t version)
    : ServedModel{engine, config, checked(onnx::Model::load(file), config), version} {}

ServedModel::ServedModel(Engine& engine, ModelConfig config, onnx::Model model,
                         std::uint64_t version)
    : engine_{engine},
      config_{with_defaults(std::move(config), engine)},
      model_{std::move(model)},
      session_{engine.runtime, model_, session_options(config_, engine)},
      sizes_{sizes_of(model_, config_)},
      in_place_{engine.in_place, config_.name, std::to_string(version)},
      copied_{engine.copied, config_.name, std::to_string(version)},
      plans_made_{engine.plans_made, config_.name, std::to_string(version)} {
  warm_up();
}

// From few rows to many, until more take longer together than apart.
void ServedModel::warm_up() {
  const std::lock_guard alone{engine_.timing};
  constexpr int vain_max = 2;
  int vain = 0;
  std::int64_t best = 1;
  for (const std::int64_t batch : config_.warm_batch_sizes) {
    const auto tensors = zeros(model_.inputs(), config_, batch);
    if (tensors.empty() && !model_.inputs().empty()) {
      log(TRITONSERVER_LOG_INFO, "model '" + config_.name +
                                     "': its dimensions are open, so its plans are made when they "
                                     "are asked for");
      return;
    }
    std::vector<onnx::TensorRef> inputs;
    for (const onnx::Tensor& tensor : tensors)
      inputs.emplace_back(tensor.type, tensor.dims, tensor.data.get());
    const Nanos took = undisturbed_run(inputs);
    if (config_.max_batch_size == 0 || tensors.empty()) continue;
    if (sizes_.learn(batch, took)) {
      best = batch;
      vain = 0;
    } else if (++vain == vain_max && config_.chooses_sizes) {
      sizes_.end_at(best);
      break;
    }
  }
  count_plans();
}

// The first run makes the plan; of the others the fastest was disturbed least.
Nanos ServedModel::undisturbed_run(std::span<const onnx::TensorRef> inputs) {
  constexpr int runs_min = 3, runs_max = 20;
  constexpr std::chrono::milliseconds enough{30};
  session_.run(inputs);
  const auto start = std::chrono::steady_clock::now();
  Nanos least = Nanos::max();
  for (int i = 0; i < runs_max; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    if (i >= runs_min && begin - start > enough) break;
    session_.run(inputs);
    least = std::min(least, Nanos{std::chrono::steady_clock::now() - begin});
  }
  return least;
}

void ServedModel::count_plans() {
  const std::uint64_t made = session_.statistics().misses;
  std::uint64_t counted = plans_counted_.load();
  while (counted < made && !plans_counted_.compare_exchange_weak(counted, made)) {
  }
  if (counted < made) plans_made_.add(made - counted);
}

}  // namespace troika::triton
