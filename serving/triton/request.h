// One request of the server's: what it brings, what it asks for, and its answer.
#pragma once

#include <chrono>
#include <span>
#include <vector>

#include "runtime/graph/task_options.h"
#include "serving/onnx/model.h"
#include "serving/triton/server.h"

namespace troika::triton {

using Clock = std::chrono::steady_clock;

// As the server counts.
inline std::uint64_t nanos(Clock::time_point at) noexcept {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(at.time_since_epoch()).count());
}

// The points in time that the server's statistics are made of.
struct Timestamps {
  Clock::time_point begin, compute_begin, compute_end;
};

// Owns the server's request until it is answered; destroyed unanswered, it answers that it failed.
class Request {
 public:
  struct Input {
    std::string name;
    onnx::ElementType type = onnx::ElementType::f32;
    onnx::Dims dims;
    std::size_t bytes = 0;
    std::vector<std::span<std::byte>> parts;  // in order, in memory that stays until the answer
  };

  Request(TRITONBACKEND_ModelInstance& instance, TRITONBACKEND_Request& request) noexcept
      : instance_{&instance}, request_{&request} {}
  Request(Request&& other) noexcept;
  Request& operator=(Request&& other) noexcept;
  ~Request();

  // Reads the inputs of these names, in this order, and the parameters `priority_class` and
  // `deadline_us`. Throws Error: unsupported, invalid_argument, naming input or parameter.
  void read(std::span<const onnx::Port> inputs);

  const std::vector<Input>& inputs() const noexcept { return inputs_; }
  // Of the batch's dimension, as the first input has it; 1 without inputs.
  std::int64_t rows() const { return inputs_.empty() ? 1 : inputs_.front().dims.at(0); }
  Priority priority() const noexcept { return priority_; }
  Clock::time_point came() const noexcept { return came_; }
  // Until its deadline; Nanos::max() without one.
  Nanos time_left() const noexcept;
  // Ok while the answer is wanted; otherwise what to answer: cancelled, or timed_out.
  Status wanted() const noexcept;

  // The memory that the answer's output is to lie in; null when it was not asked for. Once an
  // output. Throws Error.
  std::byte* output(const std::string& name, onnx::ElementType type, const onnx::Dims& dims);

  // Sends the outputs, or what went wrong, and gives the request back. Nothing when moved from.
  void answer(const Status& outcome, const Timestamps& times) noexcept;

 private:
  Input read_input(const std::string& name) const;
  void read_parameters();
  bool asks_for(const std::string& output) const;
  TRITONBACKEND_Response& response();

  TRITONBACKEND_ModelInstance* instance_;
  TRITONBACKEND_Request* request_;              // null: answered, or moved from
  TRITONBACKEND_Response* response_ = nullptr;  // made when it is needed
  std::vector<Input> inputs_;
  Priority priority_ = Priority::normal;
  Clock::time_point came_ = Clock::now(), deadline_ = Clock::time_point::max();
};

}  // namespace troika::triton
