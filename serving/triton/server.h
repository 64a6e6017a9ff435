// The server's errors, messages and metrics as values of ours.
#pragma once

#include <memory>
#include <new>
#include <string>

#include <nlohmann/json.hpp>

#include "runtime/base/error.h"
#include "serving/triton/abi.h"

namespace troika::triton {

// Null for ok; otherwise it belongs to whom it is returned or given to.
TRITONSERVER_Error* error_of(const Status& status);
// Takes the error, and throws it as an Error that says what was `asked`.
void check(TRITONSERVER_Error* error, const char* asked);
// The same for what a caller can do nothing about: it is logged.
void log_if_failed(TRITONSERVER_Error* error, const char* asked) noexcept;
void log(TRITONSERVER_LogLevel level, const std::string& text) noexcept;

// What the body throws, as a value.
template <class Body>
Status status_of(Body&& body) noexcept {
  try {
    body();
    return {};
  } catch (const Error& error) {
    return error.status();
  } catch (const std::bad_alloc&) {
    return {Code::out_of_memory, "in the server's process"};
  } catch (const std::exception& error) {
    return {Code::internal, error.what()};
  }
}

// The message stays whose it is.
nlohmann::json json_of(TRITONSERVER_Message& message);

template <auto destroy>
struct Deleter {
  template <class T>
  void operator()(T* object) const noexcept {
    if constexpr (std::is_void_v<decltype(destroy(object))>) destroy(object);
    else log_if_failed(destroy(object), "deleting");
  }
};
using Message = std::unique_ptr<TRITONSERVER_Message, Deleter<TRITONSERVER_MessageDelete>>;

// A counter on the server's page of metrics. Counts nothing where the server keeps none.
class CounterFamily {
 public:
  CounterFamily(const char* name, const char* description);

 private:
  friend class Counter;
  std::unique_ptr<TRITONSERVER_MetricFamily, Deleter<TRITONSERVER_MetricFamilyDelete>> family_;
};
// One of its model's; to be destroyed before its family. Any thread.
class Counter {
 public:
  Counter(const CounterFamily& family, const std::string& model, const std::string& version);
  void add(std::size_t by) const noexcept;

 private:
  std::unique_ptr<TRITONSERVER_Metric, Deleter<TRITONSERVER_MetricDelete>> metric_;
};

}  // namespace troika::triton
