#include "serving/triton/request.h"

#include <utility>

#include "serving/triton/model_config.h"

namespace troika::triton {
namespace {

using onnx::refuse;

Priority priority_of(const std::string& text) {
  for (const Priority priority : {Priority::low, Priority::normal, Priority::high})
    if (name_of(priority) == text) return priority;
  refuse(Code::invalid_argument,
         "parameter 'priority_class' is '" + text + "', which is not low, normal or high");
}

}  // namespace

Request::Request(Request&& other) noexcept
    : instance_{other.instance_},
      request_{std::exchange(other.request_, nullptr)},
      response_{std::exchange(other.response_, nullptr)},
      inputs_{std::move(other.inputs_)},
      priority_{other.priority_},
      came_{other.came_},
      deadline_{other.deadline_} {}

Request& Request::operator=(Request&& other) noexcept {
  if (this == &other) return *this;
  std::destroy_at(this);
  return *std::construct_at(this, std::move(other));
}

Request::~Request() { answer({Code::internal, "the request was dropped"}, {}); }

void Request::read(std::span<const onnx::Port> inputs) {
  read_parameters();
  for (const onnx::Port& input : inputs) inputs_.push_back(read_input(input.name));
}

Request::Input Request::read_input(const std::string& name) const {
  TRITONBACKEND_Input* from = nullptr;
  check(TRITONBACKEND_RequestInput(request_, name.c_str(), &from), "an input");
  TRITONSERVER_DataType type{};
  const std::int64_t* dims = nullptr;
  std::uint32_t rank = 0, parts = 0;
  std::uint64_t bytes = 0;
  check(TRITONBACKEND_InputProperties(from, nullptr, &type, &dims, &rank, &bytes, &parts),
        "an input");
  const std::string title = "input '" + name + "'";
  Input input{name, from_server(type, title), {dims, dims + rank}, bytes, {}};
  std::size_t found = 0;
  for (std::uint32_t i = 0; i < parts; ++i) {
    const void* memory = nullptr;
    std::uint64_t part_bytes = 0;
    TRITONSERVER_MemoryType kind = TRITONSERVER_MEMORY_CPU;
    std::int64_t kind_id = 0;
    check(TRITONBACKEND_InputBuffer(from, i, &memory, &part_bytes, &kind, &kind_id),
          "an input's memory");
    if (kind == TRITONSERVER_MEMORY_GPU) refuse(Code::unsupported, title + " lies on a GPU");
    found += part_bytes;
    // Runs only read it.
    auto* const begin = static_cast<std::byte*>(const_cast<void*>(memory));
    if (part_bytes != 0) input.parts.emplace_back(begin, part_bytes);
  }
  const auto wanted =
      static_cast<std::size_t>(onnx::elements_of(input.dims, size_of(input.type), SIZE_MAX / 2)) *
      size_of(input.type);
  if (found != wanted || bytes != wanted)
    refuse(Code::invalid_argument, title + " of " + onnx::to_string(input.dims) + " has " +
                                       std::to_string(wanted) + " bytes, given " +
                                       std::to_string(found));
  return input;
}

void Request::read_parameters() {
  std::uint64_t timeout_us = 0;
  check(TRITONBACKEND_InferenceRequestTimeoutMicroseconds(request_, &timeout_us), "the timeout");
  const auto limit = [this](std::uint64_t micros) {
    constexpr std::uint64_t year_us = 31'536'000'000'000;
    deadline_ =
        std::min(deadline_, Clock::now() + std::chrono::microseconds{std::min(micros, year_us)});
  };
  if (timeout_us != 0) limit(timeout_us);
  std::uint32_t count = 0;
  check(TRITONBACKEND_RequestParameterCount(request_, &count), "the parameters");
  for (std::uint32_t i = 0; i < count; ++i) {
    const char* key = nullptr;
    TRITONSERVER_ParameterType type{};
    const void* value = nullptr;
    check(TRITONBACKEND_RequestParameter(request_, i, &key, &type, &value), "a parameter");
    if (std::string_view{key} == "priority_class") {
      if (type != TRITONSERVER_PARAMETER_STRING)
        refuse(Code::invalid_argument, "parameter 'priority_class' is no text");
      priority_ = priority_of(static_cast<const char*>(value));
    } else if (std::string_view{key} == "deadline_us") {
      if (type != TRITONSERVER_PARAMETER_INT || *static_cast<const std::int64_t*>(value) < 1)
        refuse(Code::invalid_argument, "parameter 'deadline_us' is no positive integer");
      limit(static_cast<std::uint64_t>(*static_cast<const std::int64_t*>(value)));
    }
  }
}

Nanos Request::time_left() const noexcept {
  return deadline_ == Clock::time_point::max() ? Nanos::max() : Nanos{deadline_ - Clock::now()};
}

Status Request::wanted() const noexcept {
  bool cancelled = false;
  log_if_failed(TRITONBACKEND_RequestIsCancelled(request_, &cancelled), "whether it is cancelled");
  if (cancelled) return {Code::cancelled, "by the client"};
  if (Clock::now() >= deadline_) return {Code::timed_out, "the request's deadline has passed"};
  return {};
}

bool Request::asks_for(const std::string& output) const {
  std::uint32_t count = 0;
  check(TRITONBACKEND_RequestOutputCount(request_, &count), "the outputs");
  for (std::uint32_t i = 0; i < count; ++i) {
    const char* name = nullptr;
    check(TRITONBACKEND_RequestOutputName(request_, i, &name), "an output's name");
    if (output == name) return true;
  }
  return false;
}

TRITONBACKEND_Response& Request::response() {
  if (response_ == nullptr) check(TRITONBACKEND_ResponseNew(&response_, request_), "a response");
  return *response_;
}

std::byte* Request::output(const std::string& name, onnx::ElementType type,
                           const onnx::Dims& dims) {
  if (!asks_for(name)) return nullptr;
  TRITONBACKEND_Output* output = nullptr;
  check(TRITONBACKEND_ResponseOutput(&response(), &output, name.c_str(), to_server(type),
                                     dims.data(), static_cast<std::uint32_t>(dims.size())),
        "an output");
  void* memory = nullptr;
  TRITONSERVER_MemoryType kind = TRITONSERVER_MEMORY_CPU;
  std::int64_t kind_id = 0;
  const auto bytes = static_cast<std::uint64_t>(onnx::elements_of(dims)) * size_of(type);
  check(TRITONBACKEND_OutputBuffer(output, &memory, bytes, &kind, &kind_id), "an output's memory");
  if (kind == TRITONSERVER_MEMORY_GPU)
    refuse(Code::unsupported, "output '" + name + "' is to lie on a GPU");
  return static_cast<std::byte*>(memory);
}

void Request::answer(const Status& outcome, const Timestamps& times) noexcept {
  if (request_ == nullptr) return;
  const Status made = status_of([&] { response(); });
  if (made.ok()) {
    TRITONSERVER_Error* const error = error_of(outcome);
    log_if_failed(TRITONBACKEND_ResponseSend(std::exchange(response_, nullptr),
                                             TRITONSERVER_RESPONSE_COMPLETE_FINAL, error),
                  "sending a response");
    if (error != nullptr) TRITONSERVER_ErrorDelete(error);
  } else {
    log(TRITONSERVER_LOG_WARN, made.to_string());
  }
  log_if_failed(TRITONBACKEND_ModelInstanceReportStatistics(
                    instance_, request_, outcome.ok(), nanos(times.begin),
                    nanos(times.compute_begin), nanos(times.compute_end), nanos(Clock::now())),
                "statistics");
  log_if_failed(TRITONBACKEND_RequestRelease(std::exchange(request_, nullptr),
                                             TRITONSERVER_REQUEST_RELEASE_ALL),
                "giving a request back");
}

}  // namespace troika::triton
