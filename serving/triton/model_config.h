// What a model's configuration says, and whether the model agrees.
#pragma once

#include <chrono>
#include <span>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "serving/onnx/model.h"
#include "serving/triton/abi.h"

namespace troika::triton {

// The server's type of a tensor's elements, and back. from_server() throws Code::unsupported,
// naming `whose` elements they are.
TRITONSERVER_DataType to_server(onnx::ElementType type) noexcept;
onnx::ElementType from_server(TRITONSERVER_DataType type, const std::string& whose);

struct ModelConfig {
  std::string name;
  std::int64_t max_batch_size = 0;             // 0: requests have no dimension for a batch
  std::vector<onnx::Port> inputs, outputs;     // dimensions with the batch's, -1
  std::vector<std::string> devices;            // parameter `devices`, in its order; empty: any
  std::vector<std::int64_t> warm_batch_sizes;  // parameter `warm_batch_sizes`
  bool chooses_sizes = false;                  // they are not given
  std::size_t runs_max = 0;                    // parameter `runs_max`; 0: one a worker
};

// Throws Error: invalid_argument, unsupported, naming what is wrong.
ModelConfig read_config(const nlohmann::json& json);

// The configuration with the model's inputs and outputs where it has none.
nlohmann::json completed(nlohmann::json json, const onnx::Model& model);

// Throws Error, naming the first input or output that the model has otherwise. The model may have
// inputs in another order, and outputs that the configuration leaves out.
void check_agrees(const ModelConfig& config, const onnx::Model& model);

}  // namespace troika::triton
