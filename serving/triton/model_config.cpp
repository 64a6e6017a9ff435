#include "serving/triton/model_config.h"

#include <algorithm>
#include <array>

#include "serving/triton/json_values.h"

namespace troika::triton {
namespace {

using onnx::ElementType;
using onnx::Port;
using onnx::refuse;

struct TypeName {
  ElementType type;
  TRITONSERVER_DataType server;
  const char* name;
};
constexpr std::array<TypeName, 11> types{{
    {ElementType::f32, TRITONSERVER_TYPE_FP32, "TYPE_FP32"},
    {ElementType::f64, TRITONSERVER_TYPE_FP64, "TYPE_FP64"},
    {ElementType::i8, TRITONSERVER_TYPE_INT8, "TYPE_INT8"},
    {ElementType::u8, TRITONSERVER_TYPE_UINT8, "TYPE_UINT8"},
    {ElementType::i16, TRITONSERVER_TYPE_INT16, "TYPE_INT16"},
    {ElementType::u16, TRITONSERVER_TYPE_UINT16, "TYPE_UINT16"},
    {ElementType::i32, TRITONSERVER_TYPE_INT32, "TYPE_INT32"},
    {ElementType::u32, TRITONSERVER_TYPE_UINT32, "TYPE_UINT32"},
    {ElementType::i64, TRITONSERVER_TYPE_INT64, "TYPE_INT64"},
    {ElementType::u64, TRITONSERVER_TYPE_UINT64, "TYPE_UINT64"},
    {ElementType::boolean, TRITONSERVER_TYPE_BOOL, "TYPE_BOOL"},
}};

const TypeName& entry_of(ElementType type) noexcept {
  return *std::ranges::find(types, type, &TypeName::type);
}

Port read_port(const nlohmann::json& json, bool batched, const std::string& role) {
  Port port;
  port.name = json.at("name").get<std::string>();
  const std::string title = role + " '" + port.name + "'";
  const auto type = json.at("data_type").get<std::string>();
  const auto* const known = std::ranges::find(types, type, &TypeName::name);
  if (known == types.end()) refuse(Code::unsupported, title + " is " + type);
  port.type = known->type;
  if (json.contains("reshape")) refuse(Code::unsupported, title + " has 'reshape'");
  if (json.value("allow_ragged_batch", false))
    refuse(Code::unsupported, title + " has 'allow_ragged_batch'");
  if (batched) port.dims.push_back(-1);
  for (const nlohmann::json& dim : json.at("dims"))
    port.dims.push_back(integer(dim, "a dimension of " + title));
  return port;
}

std::vector<Port> read_ports(const nlohmann::json& json, const char* key, bool batched) {
  std::vector<Port> ports;
  if (const auto found = json.find(key); found != json.end())
    for (const nlohmann::json& port : *found) ports.push_back(read_port(port, batched, key));
  return ports;
}

std::string parameter(const nlohmann::json& json, const char* name) {
  const auto parameters = json.find("parameters");
  if (parameters == json.end() || !parameters->contains(name)) return "";
  return parameters->at(name).at("string_value").get<std::string>();
}

bool agree(const onnx::Dims& config, const onnx::Dims& model) {
  return std::ranges::equal(config, model,
                            [](std::int64_t c, std::int64_t m) { return c == m || m == -1; });
}

void check_port(const Port& config, const std::vector<Port>& model, const std::string& role) {
  const std::string title = role + " '" + config.name + "'";
  const auto found = std::ranges::find(model, config.name, &Port::name);
  if (found == model.end()) {
    std::string names;
    for (const Port& port : model) names += (names.empty() ? "'" : ", '") + port.name + "'";
    refuse(Code::invalid_argument, "the model has no " + title + ", but " + names);
  }
  if (found->type != config.type)
    refuse(Code::invalid_argument, title + " is " + entry_of(config.type).name +
                                       " in the configuration, " + entry_of(found->type).name +
                                       " in the model");
  if (!agree(config.dims, found->dims))
    refuse(Code::invalid_argument, title + " is " + onnx::to_string(config.dims) +
                                       " (-1: any) in the configuration with its batch, " +
                                       onnx::to_string(found->dims) + " in the model");
}

nlohmann::json described(const std::vector<Port>& ports, bool batched) {
  auto all = nlohmann::json::array();
  for (const Port& port : ports) {
    const auto begin = port.dims.begin() + (batched && !port.dims.empty() ? 1 : 0);
    all.push_back({{"name", port.name},
                   {"data_type", entry_of(port.type).name},
                   {"dims", onnx::Dims(begin, port.dims.end())}});
  }
  return all;
}

}  // namespace

TRITONSERVER_DataType to_server(ElementType type) noexcept { return entry_of(type).server; }

ElementType from_server(TRITONSERVER_DataType type, const std::string& whose) {
  const auto* const found = std::ranges::find(types, type, &TypeName::server);
  if (found == types.end())
    refuse(Code::unsupported, whose + " has elements of the server's type " + std::to_string(type));
  return found->type;
}

ModelConfig read_config(const nlohmann::json& json) {
  ModelConfig config;
  config.name = json.at("name").get<std::string>();
  config.max_batch_size =
      integer(json.value("max_batch_size", nlohmann::json(0)), "max_batch_size", 0);
  const bool batched = config.max_batch_size > 0;
  config.inputs = read_ports(json, "input", batched);
  config.outputs = read_ports(json, "output", batched);
  if (json.contains("sequence_batching")) refuse(Code::unsupported, "'sequence_batching'");
  if (json.value("/model_transaction_policy/decoupled"_json_pointer, false))
    refuse(Code::unsupported, "a decoupled model");
  config.devices = split(parameter(json, "devices"));
  const std::int64_t batch_max = std::max<std::int64_t>(config.max_batch_size, 1);
  for (const std::string& size : split(parameter(json, "warm_batch_sizes"))) {
    config.warm_batch_sizes.push_back(integer(size, "parameter 'warm_batch_sizes'", 1));
    if (config.warm_batch_sizes.back() > batch_max)
      refuse(Code::invalid_argument,
             "parameter 'warm_batch_sizes': " + size + " is beyond max_batch_size");
  }
  if (const std::string runs = parameter(json, "runs_max"); !runs.empty())
    config.runs_max = static_cast<std::size_t>(integer(runs, "parameter 'runs_max'", 1));
  return config;
}

nlohmann::json completed(nlohmann::json json, const onnx::Model& model) {
  const bool batched =
      integer(json.value("max_batch_size", nlohmann::json(0)), "max_batch_size") > 0;
  const auto fill = [&](const char* key, const std::vector<Port>& ports) {
    if (json.value(key, nlohmann::json::array()).empty()) json[key] = described(ports, batched);
  };
  fill("input", model.inputs());
  fill("output", model.outputs());
  return json;
}

void check_agrees(const ModelConfig& config, const onnx::Model& model) {
  for (const Port& input : config.inputs) check_port(input, model.inputs(), "input");
  for (const Port& output : config.outputs) check_port(output, model.outputs(), "output");
  for (const Port& input : model.inputs())
    if (std::ranges::find(config.inputs, input.name, &Port::name) == config.inputs.end())
      refuse(Code::invalid_argument,
             "the configuration has no input '" + input.name + "', which the model needs");
}

}  // namespace troika::triton
