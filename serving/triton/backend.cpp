// What the server calls. Exceptions end here.
#include <filesystem>
#include <string>

#include "serving/triton/instance.h"
#include "serving/triton/served_model.h"
#include "serving/triton/server.h"

namespace troika::triton {
namespace {

constexpr std::uint32_t api_major = 1;

template <class State, class Handle>
State* state_of(Handle& handle, TRITONSERVER_Error* (*get)(Handle*, void**), const char* asked) {
  void* state = nullptr;
  check(get(&handle, &state), asked);
  return static_cast<State*>(state);
}

// Gives the server a state that finalize() takes back.
template <class State, class Handle>
void hand_over(Handle& handle, std::unique_ptr<State> state,
               TRITONSERVER_Error* (*set)(Handle*, void*)) {
  check(set(&handle, state.get()), "keeping a state");
  (void)state.release();
}

void check_version() {
  std::uint32_t major = 0, minor = 0;
  check(TRITONBACKEND_ApiVersion(&major, &minor), "the version of the interface");
  if (major != api_major)
    throw Error{Status{Code::unsupported, "the server's backend interface is " +
                                              std::to_string(major) + "." + std::to_string(minor) +
                                              ", this backend is made for " +
                                              std::to_string(api_major)}};
}

void initialize(TRITONBACKEND_Backend& backend) {
  check_version();
  TRITONSERVER_Message* config = nullptr;
  check(TRITONBACKEND_BackendConfig(&backend, &config), "the backend's configuration");
  hand_over(backend, std::make_unique<Engine>(json_of(*config)), TRITONBACKEND_BackendSetState);
}

nlohmann::json config_of(TRITONBACKEND_Model& model) {
  TRITONSERVER_Message* config = nullptr;
  check(TRITONBACKEND_ModelConfig(&model, 1, &config), "the model's configuration");
  return json_of(*Message{config});
}

std::filesystem::path file_of(TRITONBACKEND_Model& model, std::uint64_t version) {
  TRITONBACKEND_ArtifactType type{};
  const char* folder = nullptr;
  check(TRITONBACKEND_ModelRepository(&model, &type, &folder), "the model's folder");
  return std::filesystem::path{folder} / std::to_string(version) / "model.onnx";
}

// What the configuration leaves out the model says.
nlohmann::json complete(TRITONBACKEND_Model& model, const std::filesystem::path& file) {
  bool wanted = false;
  check(TRITONBACKEND_ModelAutoCompleteConfig(&model, &wanted), "whether to complete");
  nlohmann::json config = config_of(model);
  if (!wanted) return config;
  config = completed(std::move(config), onnx::Model::load(file));
  const std::string text = config.dump();
  TRITONSERVER_Message* message = nullptr;
  check(TRITONSERVER_MessageNewFromSerializedJson(&message, text.data(), text.size()),
        "a configuration");
  check(TRITONBACKEND_ModelSetConfig(&model, 1, Message{message}.get()), "a configuration");
  return config;
}

void initialize(TRITONBACKEND_Model& model) {
  TRITONBACKEND_Backend* backend = nullptr;
  check(TRITONBACKEND_ModelBackend(&model, &backend), "the model's backend");
  auto* const engine =
      state_of<Engine>(*backend, TRITONBACKEND_BackendState, "the backend's state");
  std::uint64_t version = 0;
  check(TRITONBACKEND_ModelVersion(&model, &version), "the model's version");
  const std::filesystem::path file = file_of(model, version);
  ModelConfig config = read_config(complete(model, file));
  hand_over(model, std::make_unique<ServedModel>(*engine, std::move(config), file, version),
            TRITONBACKEND_ModelSetState);
}

void initialize(TRITONBACKEND_ModelInstance& instance) {
  TRITONBACKEND_Model* model = nullptr;
  check(TRITONBACKEND_ModelInstanceModel(&instance, &model), "the instance's model");
  auto* const served = state_of<ServedModel>(*model, TRITONBACKEND_ModelState, "the model's state");
  hand_over(instance, std::make_unique<Instance>(*served, instance),
            TRITONBACKEND_ModelInstanceSetState);
}

template <class Handle>
TRITONSERVER_Error* initialized(Handle* handle) noexcept {
  return error_of(status_of([&] { initialize(*handle); }));
}

// Ends what initialize() gave the server, if it came to that.
template <class State, class Handle>
TRITONSERVER_Error* finalized(Handle* handle,
                              TRITONSERVER_Error* (*get)(Handle*, void**)) noexcept {
  return error_of(status_of(
      [&] { const std::unique_ptr<State> state{state_of<State>(*handle, get, "a state")}; }));
}

}  // namespace
}  // namespace troika::triton

using namespace troika::triton;

#define TROIKA_ENTRY extern "C" __attribute__((visibility("default"))) TRITONSERVER_Error*

TROIKA_ENTRY TRITONBACKEND_Initialize(TRITONBACKEND_Backend* backend) {
  return initialized(backend);
}
TROIKA_ENTRY TRITONBACKEND_Finalize(TRITONBACKEND_Backend* backend) {
  return finalized<Engine>(backend, TRITONBACKEND_BackendState);
}
TROIKA_ENTRY TRITONBACKEND_ModelInitialize(TRITONBACKEND_Model* model) {
  return initialized(model);
}
TROIKA_ENTRY TRITONBACKEND_ModelFinalize(TRITONBACKEND_Model* model) {
  return finalized<ServedModel>(model, TRITONBACKEND_ModelState);
}
TROIKA_ENTRY TRITONBACKEND_ModelInstanceInitialize(TRITONBACKEND_ModelInstance* instance) {
  return initialized(instance);
}
TROIKA_ENTRY TRITONBACKEND_ModelInstanceFinalize(TRITONBACKEND_ModelInstance* instance) {
  return finalized<Instance>(instance, TRITONBACKEND_ModelInstanceState);
}
TROIKA_ENTRY TRITONBACKEND_ModelInstanceExecute(TRITONBACKEND_ModelInstance* instance,
                                                TRITONBACKEND_Request** requests,
                                                const std::uint32_t count) {
  Instance* taking = nullptr;
  const troika::Status found = status_of(
      [&] { taking = state_of<Instance>(*instance, TRITONBACKEND_ModelInstanceState, "a state"); });
  if (!found.ok()) return error_of(found);
  taking->execute({requests, count});
  return nullptr;
}
