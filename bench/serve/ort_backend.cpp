// The rival of troika-bench serve: a backend for the Triton server that calls ONNX Runtime and does
// nothing else. For models with one input and one output of floats, batched in their first
// dimension. Requests that come together are one run, which fills the only request's output where
// it lies.
#include <condition_variable>
#include <cstring>
#include <deque>
#include <filesystem>
#include <mutex>
#include <thread>

#include "bench/serve/onnx_runtime.h"
#include "serving/triton/json_values.h"
#include "serving/triton/model_config.h"
#include "serving/triton/server.h"

namespace troika::bench {
namespace {

using triton::check;
using triton::log_if_failed;
using Dims = std::vector<std::int64_t>;
using Requests = std::vector<TRITONBACKEND_Request*>;

std::uint64_t now() noexcept {
  return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
}

std::string parameter(const nlohmann::json& config, const char* name) {
  return config.at("parameters").at(name).at("string_value").get<std::string>();
}

struct Model {
  Model(const nlohmann::json& json, const std::filesystem::path& folder)
      : config{triton::read_config(json)},
        onnx{parameter(json, "library"), folder / "model.onnx",
             std::stoi(parameter(json, "intra_op_threads"))},
        threads{static_cast<unsigned>(std::stoi(parameter(json, "threads")))} {}

  const triton::ModelConfig config;
  const OnnxRuntimeModel onnx;
  const unsigned threads;  // an instance's own; 0: runs on the server's
};

struct Taken {
  TRITONBACKEND_Request* request;
  TRITONBACKEND_Input* input;
  std::int64_t rows;
  std::uint64_t bytes;
  std::uint32_t pieces;
};

Taken taken(const Model& model, TRITONBACKEND_Request* request) {
  Taken one{request, nullptr, 0, 0, 0};
  check(TRITONBACKEND_RequestInput(request, model.config.inputs[0].name.c_str(), &one.input),
        "the input");
  const std::int64_t* dims = nullptr;
  std::uint32_t rank = 0;
  check(TRITONBACKEND_InputProperties(one.input, nullptr, nullptr, &dims, &rank, &one.bytes,
                                      &one.pieces),
        "the input");
  one.rows = dims[0];
  return one;
}

std::span<const std::byte> piece(const Taken& one, std::uint32_t index) {
  const void* at = nullptr;
  std::uint64_t bytes = 0;
  TRITONSERVER_MemoryType kind = TRITONSERVER_MEMORY_CPU;
  std::int64_t kind_id = 0;
  check(TRITONBACKEND_InputBuffer(one.input, index, &at, &bytes, &kind, &kind_id), "its memory");
  return {static_cast<const std::byte*>(at), bytes};
}

// Where all rows lie in one piece: the only request's own memory, or that of the calling thread.
float* gathered(std::span<const Taken> batch) {
  if (batch.size() == 1 && batch[0].pieces == 1) {
    const auto only = piece(batch[0], 0);
    if (reinterpret_cast<std::uintptr_t>(only.data()) % sizeof(float) == 0)
      return reinterpret_cast<float*>(const_cast<std::byte*>(only.data()));
  }
  thread_local std::vector<float> rows;
  std::size_t bytes = 0;
  for (const Taken& one : batch) bytes += one.bytes;
  if (rows.size() * sizeof(float) < bytes) rows.resize(bytes / sizeof(float));
  auto* to = reinterpret_cast<std::byte*>(rows.data());
  for (const Taken& one : batch) {
    for (std::uint32_t i = 0; i < one.pieces; ++i) {
      const auto part = piece(one, i);
      std::memcpy(to, part.data(), part.size());
      to += part.size();
    }
  }
  return rows.data();
}

class Instance {
 public:
  Instance(const Model& model, TRITONBACKEND_ModelInstance& handle)
      : model_{model}, handle_{handle} {
    for (unsigned i = 0; i < model.threads; ++i) threads_.emplace_back([this] { serve(); });
  }
  ~Instance() {
    {
      const std::lock_guard lock{mutex_};
      ending_ = true;
    }
    changed_.notify_all();
  }
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;

  void execute(Requests requests) {
    if (model_.threads == 0) return run(requests);
    std::unique_lock lock{mutex_};
    // What arrives meanwhile is the server's to gather.
    changed_.wait(lock, [&] { return under_way_ < model_.threads; });
    under_way_ += 1;
    waiting_.push_back(std::move(requests));
    lock.unlock();
    changed_.notify_all();
  }

 private:
  void serve() {
    std::unique_lock lock{mutex_};
    while (true) {
      changed_.wait(lock, [&] { return ending_ || !waiting_.empty(); });
      if (waiting_.empty()) return;
      const Requests next = std::move(waiting_.front());
      waiting_.pop_front();
      lock.unlock();
      run(next);
      lock.lock();
      under_way_ -= 1;
      changed_.notify_all();
    }
  }

  void run(const Requests& requests) noexcept {
    const std::uint64_t begin = now();
    std::vector<TRITONBACKEND_Response*> responses(requests.size());
    std::vector<Taken> batch;
    std::uint64_t computing = begin, computed = begin;
    std::int64_t rows = 0;
    const Status outcome = triton::status_of([&] {
      for (TRITONBACKEND_Request* request : requests) batch.push_back(taken(model_, request));
      for (const Taken& one : batch) rows += one.rows;
      compute(batch, rows, responses, computing, computed);
    });
    TRITONSERVER_Error* const error = triton::error_of(outcome);
    for (std::size_t i = 0; i < requests.size(); ++i) {
      if (responses[i] == nullptr)
        log_if_failed(TRITONBACKEND_ResponseNew(&responses[i], requests[i]), "a response");
      log_if_failed(
          TRITONBACKEND_ResponseSend(responses[i], TRITONSERVER_RESPONSE_COMPLETE_FINAL, error),
          "sending");
      log_if_failed(TRITONBACKEND_ModelInstanceReportStatistics(&handle_, requests[i], outcome.ok(),
                                                                begin, computing, computed, now()),
                    "statistics");
      log_if_failed(TRITONBACKEND_RequestRelease(requests[i], TRITONSERVER_REQUEST_RELEASE_ALL),
                    "giving back");
    }
    if (error != nullptr) TRITONSERVER_ErrorDelete(error);
    log_if_failed(
        TRITONBACKEND_ModelInstanceReportBatchStatistics(&handle_, static_cast<std::uint64_t>(rows),
                                                         begin, computing, computed, now()),
        "statistics");
  }

  void compute(std::span<const Taken> batch, std::int64_t rows,
               std::span<TRITONBACKEND_Response*> responses, std::uint64_t& computing,
               std::uint64_t& computed) const {
    const auto &in = model_.config.inputs[0], &out = model_.config.outputs[0];
    std::vector<float*> destinations;
    for (std::size_t i = 0; i < batch.size(); ++i)
      destinations.push_back(output(batch[i], responses[i]));
    thread_local std::vector<float> kept;
    float* to = destinations[0];
    Dims in_dims = in.dims, out_dims = out.dims;
    in_dims[0] = out_dims[0] = rows;
    const auto row = static_cast<std::size_t>(onnx::elements_of(out_dims) / rows);
    if (batch.size() > 1) {
      kept.resize(std::max(kept.size(), row * static_cast<std::size_t>(rows)));
      to = kept.data();
    }
    float* const from = gathered(batch);
    computing = now();
    model_.onnx.run({in.name.c_str(), in_dims, from}, {out.name.c_str(), out_dims, to});
    computed = now();
    if (batch.size() == 1) return;
    for (std::size_t i = 0; i < batch.size(); ++i) {
      const std::size_t elements = row * static_cast<std::size_t>(batch[i].rows);
      std::memcpy(destinations[i], to, elements * sizeof(float));
      to += elements;
    }
  }

  float* output(const Taken& one, TRITONBACKEND_Response*& response) const {
    const auto& out = model_.config.outputs[0];
    Dims dims = out.dims;
    dims[0] = one.rows;
    check(TRITONBACKEND_ResponseNew(&response, one.request), "a response");
    TRITONBACKEND_Output* made = nullptr;
    check(TRITONBACKEND_ResponseOutput(response, &made, out.name.c_str(), TRITONSERVER_TYPE_FP32,
                                       dims.data(), static_cast<std::uint32_t>(dims.size())),
          "an output");
    void* memory = nullptr;
    TRITONSERVER_MemoryType kind = TRITONSERVER_MEMORY_CPU;
    std::int64_t kind_id = 0;
    const auto bytes = static_cast<std::uint64_t>(onnx::elements_of(dims)) * sizeof(float);
    check(TRITONBACKEND_OutputBuffer(made, &memory, bytes, &kind, &kind_id), "its memory");
    return static_cast<float*>(memory);
  }

  const Model& model_;
  TRITONBACKEND_ModelInstance& handle_;
  std::mutex mutex_;  // protects the three below
  std::condition_variable changed_;
  std::deque<Requests> waiting_;
  unsigned under_way_ = 0;
  bool ending_ = false;
  std::vector<std::jthread> threads_;  // the last member: they end before the others go
};

std::unique_ptr<Model> loaded(TRITONBACKEND_Model* model) {
  TRITONSERVER_Message* config = nullptr;
  check(TRITONBACKEND_ModelConfig(model, 1, &config), "the configuration");
  const triton::Message owned{config};
  TRITONBACKEND_ArtifactType type{};
  const char* folder = nullptr;
  std::uint64_t version = 0;
  check(TRITONBACKEND_ModelRepository(model, &type, &folder), "the model's folder");
  check(TRITONBACKEND_ModelVersion(model, &version), "the model's version");
  return std::make_unique<Model>(triton::json_of(*config),
                                 std::filesystem::path{folder} / std::to_string(version));
}

}  // namespace
}  // namespace troika::bench

using troika::bench::Instance;
using troika::bench::Model;
using troika::triton::check;
using troika::triton::error_of;
using troika::triton::status_of;

#define ORT_ENTRY extern "C" __attribute__((visibility("default"))) TRITONSERVER_Error*

ORT_ENTRY TRITONBACKEND_ModelInitialize(TRITONBACKEND_Model* model) {
  return error_of(status_of([&] {
    auto state = troika::bench::loaded(model);
    check(TRITONBACKEND_ModelSetState(model, state.get()), "keeping a state");
    (void)state.release();
  }));
}
ORT_ENTRY TRITONBACKEND_ModelFinalize(TRITONBACKEND_Model* model) {
  return error_of(status_of([&] {
    void* state = nullptr;
    check(TRITONBACKEND_ModelState(model, &state), "a state");
    const std::unique_ptr<Model> gone{static_cast<Model*>(state)};
  }));
}
ORT_ENTRY TRITONBACKEND_ModelInstanceInitialize(TRITONBACKEND_ModelInstance* instance) {
  return error_of(status_of([&] {
    TRITONBACKEND_Model* model = nullptr;
    void* loaded = nullptr;
    check(TRITONBACKEND_ModelInstanceModel(instance, &model), "the model");
    check(TRITONBACKEND_ModelState(model, &loaded), "the model's state");
    auto state = std::make_unique<Instance>(*static_cast<const Model*>(loaded), *instance);
    check(TRITONBACKEND_ModelInstanceSetState(instance, state.get()), "keeping a state");
    (void)state.release();
  }));
}
ORT_ENTRY TRITONBACKEND_ModelInstanceFinalize(TRITONBACKEND_ModelInstance* instance) {
  return error_of(status_of([&] {
    void* state = nullptr;
    check(TRITONBACKEND_ModelInstanceState(instance, &state), "a state");
    const std::unique_ptr<Instance> gone{static_cast<Instance*>(state)};
  }));
}
ORT_ENTRY TRITONBACKEND_ModelInstanceExecute(TRITONBACKEND_ModelInstance* instance,
                                             TRITONBACKEND_Request** requests,
                                             const std::uint32_t count) {
  return error_of(status_of([&] {
    void* state = nullptr;
    check(TRITONBACKEND_ModelInstanceState(instance, &state), "a state");
    static_cast<Instance*>(state)->execute({requests, requests + count});
  }));
}
