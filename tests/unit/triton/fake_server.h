// A server of our own making behind the backend's C interface: what the real one never shows on
// demand, such as chunked inputs, cancellations at a chosen moment, and memory elsewhere.
#pragma once

#include <atomic>
#include <future>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "serving/triton/abi.h"

struct TRITONSERVER_Error {
  TRITONSERVER_Error_Code code;
  std::string message;
};
struct TRITONSERVER_Message {
  std::string text;
};
struct TRITONBACKEND_Backend {
  TRITONSERVER_Message config;
  void* state = nullptr;
};
struct TRITONBACKEND_Model {
  TRITONBACKEND_Backend* backend = nullptr;
  std::string name = "model", folder, config;
  void* state = nullptr;
};
struct TRITONBACKEND_ModelInstance {
  TRITONBACKEND_Model* model = nullptr;
  std::vector<std::uint64_t> batches;  // rows, as reported
  std::atomic<int> succeeded{0}, failed{0};
  void* state = nullptr;
};
struct TRITONBACKEND_Input {
  std::string name;
  TRITONSERVER_DataType type = TRITONSERVER_TYPE_FP32;
  std::vector<std::int64_t> dims;
  std::uint64_t bytes = 0;
  std::vector<std::pair<const void*, std::size_t>> parts;
  TRITONSERVER_MemoryType memory = TRITONSERVER_MEMORY_CPU;
};
// An output, and where the asker wants it.
struct TRITONBACKEND_Output {
  std::vector<std::int64_t> dims;
  void* memory = nullptr;
};
struct TRITONBACKEND_Response {
  TRITONBACKEND_Request* to;
  std::map<std::string, TRITONBACKEND_Output> outputs;
};

struct TRITONBACKEND_Request {
  using Parameter = std::variant<std::string, std::int64_t>;

  std::vector<TRITONBACKEND_Input> inputs;
  std::map<std::string, void*> wanted;  // outputs, and the memory for them
  std::vector<std::pair<std::string, Parameter>> parameters;
  std::uint64_t timeout_us = 0;
  std::atomic<bool> cancelled{false};
  std::atomic<int> times_asked{0};  // whether it is cancelled

  std::atomic<int> answers{0};
  std::map<std::string, std::vector<std::int64_t>> answered;  // dimensions of the outputs
  std::string error;                                          // of the answer; empty: none
  std::promise<void> released;
};

namespace troika::triton {

inline std::atomic<int> errors_alive{0}, messages_alive{0};
// What the counters of this name have come to, of all models.
double counted(const std::string& name);

}  // namespace troika::triton
