#include "tests/unit/triton/fake_server.h"

#include <algorithm>
#include <mutex>

struct TRITONSERVER_MetricFamily {
  std::string name;
};
struct TRITONSERVER_Metric {
  TRITONSERVER_MetricFamily* family;
};
struct TRITONSERVER_Parameter {};

namespace troika::triton {
namespace {

std::mutex mutex;  // protects counters
std::map<std::string, double> counters;

TRITONSERVER_Error* fail(TRITONSERVER_Error_Code code, const std::string& message) {
  return TRITONSERVER_ErrorNew(code, message.c_str());
}

}  // namespace

double counted(const std::string& name) {
  const std::lock_guard lock{mutex};
  return counters[name];
}

}  // namespace troika::triton

using namespace troika::triton;

extern "C" {

TRITONSERVER_Error* TRITONSERVER_ErrorNew(TRITONSERVER_Error_Code code, const char* message) {
  errors_alive += 1;
  return new TRITONSERVER_Error{code, message};
}
void TRITONSERVER_ErrorDelete(TRITONSERVER_Error* error) {
  errors_alive -= 1;
  delete error;
}
TRITONSERVER_Error_Code TRITONSERVER_ErrorCode(TRITONSERVER_Error* error) { return error->code; }
const char* TRITONSERVER_ErrorMessage(TRITONSERVER_Error* error) { return error->message.c_str(); }
TRITONSERVER_Error* TRITONSERVER_LogMessage(TRITONSERVER_LogLevel, const char*, int, const char*) {
  return nullptr;
}
TRITONSERVER_Error* TRITONSERVER_MessageNewFromSerializedJson(TRITONSERVER_Message** message,
                                                              const char* text, std::size_t bytes) {
  messages_alive += 1;
  *message = new TRITONSERVER_Message{{text, bytes}};
  return nullptr;
}
TRITONSERVER_Error* TRITONSERVER_MessageDelete(TRITONSERVER_Message* message) {
  messages_alive -= 1;
  delete message;
  return nullptr;
}
TRITONSERVER_Error* TRITONSERVER_MessageSerializeToJson(TRITONSERVER_Message* message,
                                                        const char** text, std::size_t* bytes) {
  *text = message->text.data();
  *bytes = message->text.size();
  return nullptr;
}

TRITONSERVER_Parameter* TRITONSERVER_ParameterNew(const char*, TRITONSERVER_ParameterType,
                                                  const void*) {
  return new TRITONSERVER_Parameter;
}
void TRITONSERVER_ParameterDelete(TRITONSERVER_Parameter* parameter) { delete parameter; }
TRITONSERVER_Error* TRITONSERVER_MetricFamilyNew(TRITONSERVER_MetricFamily** family,
                                                 TRITONSERVER_MetricKind, const char* name,
                                                 const char*) {
  *family = new TRITONSERVER_MetricFamily{name};
  return nullptr;
}
TRITONSERVER_Error* TRITONSERVER_MetricFamilyDelete(TRITONSERVER_MetricFamily* family) {
  delete family;
  return nullptr;
}
TRITONSERVER_Error* TRITONSERVER_MetricNew(TRITONSERVER_Metric** metric,
                                           TRITONSERVER_MetricFamily* family,
                                           const TRITONSERVER_Parameter**, std::uint64_t) {
  *metric = new TRITONSERVER_Metric{family};
  return nullptr;
}
TRITONSERVER_Error* TRITONSERVER_MetricDelete(TRITONSERVER_Metric* metric) {
  delete metric;
  return nullptr;
}
TRITONSERVER_Error* TRITONSERVER_MetricIncrement(TRITONSERVER_Metric* metric, double by) {
  const std::lock_guard lock{mutex};
  counters[metric->family->name] += by;
  return nullptr;
}

TRITONSERVER_Error* TRITONBACKEND_ApiVersion(std::uint32_t* major, std::uint32_t* minor) {
  *major = 1;
  *minor = 19;
  return nullptr;
}
TRITONSERVER_Error* TRITONBACKEND_BackendConfig(TRITONBACKEND_Backend* backend,
                                                TRITONSERVER_Message** config) {
  *config = &backend->config;
  return nullptr;
}
TRITONSERVER_Error* TRITONBACKEND_BackendState(TRITONBACKEND_Backend* backend, void** state) {
  *state = backend->state;
  return nullptr;
}
TRITONSERVER_Error* TRITONBACKEND_BackendSetState(TRITONBACKEND_Backend* backend, void* state) {
  backend->state = state;
  return nullptr;
}
TRITONSERVER_Error* TRITONBACKEND_ModelVersion(TRITONBACKEND_Model*, std::uint64_t* version) {
  *version = 1;
  return nullptr;
}
TRITONSERVER_Error* TRITONBACKEND_ModelRepository(TRITONBACKEND_Model* model,
                                                  TRITONBACKEND_ArtifactType* type,
                                                  const char** location) {
  *type = TRITONBACKEND_ARTIFACT_FILESYSTEM;
  *location = model->folder.c_str();
  return nullptr;
}
TRITONSERVER_Error* TRITONBACKEND_ModelAutoCompleteConfig(TRITONBACKEND_Model*, bool* wanted) {
  *wanted = true;
  return nullptr;
}
TRITONSERVER_Error* TRITONBACKEND_ModelConfig(TRITONBACKEND_Model* model, std::uint32_t,
                                              TRITONSERVER_Message** config) {
  return TRITONSERVER_MessageNewFromSerializedJson(config, model->config.data(),
                                                   model->config.size());
}
TRITONSERVER_Error* TRITONBACKEND_ModelSetConfig(TRITONBACKEND_Model* model, std::uint32_t,
                                                 TRITONSERVER_Message* config) {
  model->config = config->text;
  return nullptr;
}
TRITONSERVER_Error* TRITONBACKEND_ModelBackend(TRITONBACKEND_Model* model,
                                               TRITONBACKEND_Backend** backend) {
  *backend = model->backend;
  return nullptr;
}
TRITONSERVER_Error* TRITONBACKEND_ModelState(TRITONBACKEND_Model* model, void** state) {
  *state = model->state;
  return nullptr;
}
TRITONSERVER_Error* TRITONBACKEND_ModelSetState(TRITONBACKEND_Model* model, void* state) {
  model->state = state;
  return nullptr;
}
TRITONSERVER_Error* TRITONBACKEND_ModelInstanceModel(TRITONBACKEND_ModelInstance* instance,
                                                     TRITONBACKEND_Model** model) {
  *model = instance->model;
  return nullptr;
}
TRITONSERVER_Error* TRITONBACKEND_ModelInstanceState(TRITONBACKEND_ModelInstance* instance,
                                                     void** state) {
  *state = instance->state;
  return nullptr;
}
TRITONSERVER_Error* TRITONBACKEND_ModelInstanceSetState(TRITONBACKEND_ModelInstance* instance,
                                                        void* state) {
  instance->state = state;
  return nullptr;
}
TRITONSERVER_Error* TRITONBACKEND_ModelInstanceReportStatistics(
    TRITONBACKEND_ModelInstance* instance, TRITONBACKEND_Request*, bool success, std::uint64_t,
    std::uint64_t, std::uint64_t, std::uint64_t) {
  (success ? instance->succeeded : instance->failed) += 1;
  return nullptr;
}
TRITONSERVER_Error* TRITONBACKEND_ModelInstanceReportBatchStatistics(
    TRITONBACKEND_ModelInstance* instance, std::uint64_t batch_size, std::uint64_t, std::uint64_t,
    std::uint64_t, std::uint64_t) {
  const std::lock_guard lock{mutex};
  instance->batches.push_back(batch_size);
  return nullptr;
}

TRITONSERVER_Error* TRITONBACKEND_RequestRelease(TRITONBACKEND_Request* request, std::uint32_t) {
  request->released.set_value();
  return nullptr;
}
TRITONSERVER_Error* TRITONBACKEND_RequestIsCancelled(TRITONBACKEND_Request* request,
                                                     bool* cancelled) {
  *cancelled = request->cancelled;
  request->times_asked += 1;
  request->times_asked.notify_all();
  return nullptr;
}
TRITONSERVER_Error* TRITONBACKEND_InferenceRequestTimeoutMicroseconds(
    TRITONBACKEND_Request* request, std::uint64_t* timeout) {
  *timeout = request->timeout_us;
  return nullptr;
}
TRITONSERVER_Error* TRITONBACKEND_RequestParameterCount(TRITONBACKEND_Request* request,
                                                        std::uint32_t* count) {
  *count = static_cast<std::uint32_t>(request->parameters.size());
  return nullptr;
}
TRITONSERVER_Error* TRITONBACKEND_RequestParameter(TRITONBACKEND_Request* request,
                                                   std::uint32_t index, const char** key,
                                                   TRITONSERVER_ParameterType* type,
                                                   const void** value) {
  const auto& [name, given] = request->parameters[index];
  *key = name.c_str();
  if (const auto* const text = std::get_if<std::string>(&given)) {
    *type = TRITONSERVER_PARAMETER_STRING;
    *value = text->c_str();
  } else {
    *type = TRITONSERVER_PARAMETER_INT;
    *value = &std::get<std::int64_t>(given);
  }
  return nullptr;
}
TRITONSERVER_Error* TRITONBACKEND_RequestInput(TRITONBACKEND_Request* request, const char* name,
                                               TRITONBACKEND_Input** input) {
  const auto found = std::ranges::find(request->inputs, name, &TRITONBACKEND_Input::name);
  if (found == request->inputs.end()) return fail(TRITONSERVER_ERROR_NOT_FOUND, "no such input");
  *input = &*found;
  return nullptr;
}
TRITONSERVER_Error* TRITONBACKEND_InputProperties(TRITONBACKEND_Input* input, const char**,
                                                  TRITONSERVER_DataType* type,
                                                  const std::int64_t** dims,
                                                  std::uint32_t* dim_count, std::uint64_t* bytes,
                                                  std::uint32_t* buffer_count) {
  *type = input->type;
  *dims = input->dims.data();
  *dim_count = static_cast<std::uint32_t>(input->dims.size());
  *bytes = input->bytes;
  *buffer_count = static_cast<std::uint32_t>(input->parts.size());
  return nullptr;
}
TRITONSERVER_Error* TRITONBACKEND_InputBuffer(TRITONBACKEND_Input* input, std::uint32_t index,
                                              const void** buffer, std::uint64_t* bytes,
                                              TRITONSERVER_MemoryType* memory_type,
                                              std::int64_t* memory_id) {
  *buffer = input->parts[index].first;
  *bytes = input->parts[index].second;
  *memory_type = input->memory;
  *memory_id = 0;
  return nullptr;
}
TRITONSERVER_Error* TRITONBACKEND_RequestOutputCount(TRITONBACKEND_Request* request,
                                                     std::uint32_t* count) {
  *count = static_cast<std::uint32_t>(request->wanted.size());
  return nullptr;
}
TRITONSERVER_Error* TRITONBACKEND_RequestOutputName(TRITONBACKEND_Request* request,
                                                    std::uint32_t index, const char** name) {
  *name = std::next(request->wanted.begin(), index)->first.c_str();
  return nullptr;
}

TRITONSERVER_Error* TRITONBACKEND_ResponseNew(TRITONBACKEND_Response** response,
                                              TRITONBACKEND_Request* request) {
  *response = new TRITONBACKEND_Response{request, {}};
  return nullptr;
}
TRITONSERVER_Error* TRITONBACKEND_ResponseOutput(TRITONBACKEND_Response* response,
                                                 TRITONBACKEND_Output** output, const char* name,
                                                 TRITONSERVER_DataType, const std::int64_t* dims,
                                                 std::uint32_t dim_count) {
  *output = &response->outputs[name];
  **output = {{dims, dims + dim_count}, response->to->wanted.at(name)};
  return nullptr;
}
TRITONSERVER_Error* TRITONBACKEND_OutputBuffer(TRITONBACKEND_Output* output, void** buffer,
                                               std::uint64_t, TRITONSERVER_MemoryType*,
                                               std::int64_t*) {
  *buffer = output->memory;
  return nullptr;
}
TRITONSERVER_Error* TRITONBACKEND_ResponseSend(TRITONBACKEND_Response* response, std::uint32_t,
                                               TRITONSERVER_Error* error) {
  TRITONBACKEND_Request& to = *response->to;
  to.answers += 1;
  for (const auto& [name, output] : response->outputs) to.answered[name] = output.dims;
  if (error != nullptr) to.error = error->message;
  delete response;
  return nullptr;
}

}  // extern "C"
