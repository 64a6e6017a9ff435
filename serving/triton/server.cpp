#include "serving/triton/server.h"

#include <array>

namespace troika::triton {
namespace {

TRITONSERVER_Error_Code code_of(Code code) noexcept {
  switch (code) {
    case Code::invalid_argument:
    case Code::out_of_range: return TRITONSERVER_ERROR_INVALID_ARG;
    case Code::not_found: return TRITONSERVER_ERROR_NOT_FOUND;
    case Code::unsupported: return TRITONSERVER_ERROR_UNSUPPORTED;
    case Code::out_of_memory:
    case Code::exhausted:
    case Code::unavailable:
    case Code::device_lost:
    case Code::timed_out: return TRITONSERVER_ERROR_UNAVAILABLE;
    case Code::cancelled: return TRITONSERVER_ERROR_CANCELLED;
    case Code::ok:
    case Code::kernel_failed:
    case Code::data_lost:
    case Code::would_deadlock:
    case Code::internal: break;
  }
  return TRITONSERVER_ERROR_INTERNAL;
}

Code code_of(TRITONSERVER_Error_Code code) noexcept {
  switch (code) {
    case TRITONSERVER_ERROR_NOT_FOUND: return Code::not_found;
    case TRITONSERVER_ERROR_INVALID_ARG: return Code::invalid_argument;
    case TRITONSERVER_ERROR_UNAVAILABLE: return Code::unavailable;
    case TRITONSERVER_ERROR_UNSUPPORTED: return Code::unsupported;
    case TRITONSERVER_ERROR_CANCELLED: return Code::cancelled;
    case TRITONSERVER_ERROR_UNKNOWN:
    case TRITONSERVER_ERROR_INTERNAL:
    case TRITONSERVER_ERROR_ALREADY_EXISTS: break;
  }
  return Code::internal;
}

}  // namespace

TRITONSERVER_Error* error_of(const Status& status) {
  if (status.ok()) return nullptr;
  const TRITONSERVER_Error_Code code = code_of(status.code());
  // What the server's code says need not be said again.
  const bool told = code_of(code) == status.code();
  const std::string text = told ? std::string{status.message()} : status.to_string();
  return TRITONSERVER_ErrorNew(code, text.c_str());
}

void check(TRITONSERVER_Error* error, const char* asked) {
  if (error == nullptr) return;
  const Status status{code_of(TRITONSERVER_ErrorCode(error)),
                      std::string{asked} + ": " + TRITONSERVER_ErrorMessage(error)};
  TRITONSERVER_ErrorDelete(error);
  throw Error{status};
}

void log_if_failed(TRITONSERVER_Error* error, const char* asked) noexcept {
  const Status status = status_of([&] { check(error, asked); });
  if (!status.ok()) log(TRITONSERVER_LOG_WARN, status.to_string());
}

void log(TRITONSERVER_LogLevel level, const std::string& text) noexcept {
  // A log that cannot be written to has nowhere to say so.
  if (auto* error = TRITONSERVER_LogMessage(level, "troika", 0, text.c_str()); error != nullptr)
    TRITONSERVER_ErrorDelete(error);
}

nlohmann::json json_of(TRITONSERVER_Message& message) {
  const char* text = nullptr;
  std::size_t bytes = 0;
  check(TRITONSERVER_MessageSerializeToJson(&message, &text, &bytes), "a configuration's text");
  return nlohmann::json::parse(text, text + bytes);
}

CounterFamily::CounterFamily(const char* name, const char* description) {
  TRITONSERVER_MetricFamily* family = nullptr;
  log_if_failed(
      TRITONSERVER_MetricFamilyNew(&family, TRITONSERVER_METRIC_KIND_COUNTER, name, description),
      name);
  family_.reset(family);
}

Counter::Counter(const CounterFamily& family, const std::string& model,
                 const std::string& version) {
  if (family.family_ == nullptr) return;
  using Label = std::unique_ptr<TRITONSERVER_Parameter, Deleter<TRITONSERVER_ParameterDelete>>;
  const auto label = [](const char* name, const std::string& value) {
    return Label{TRITONSERVER_ParameterNew(name, TRITONSERVER_PARAMETER_STRING, value.c_str())};
  };
  const Label of_model = label("model", model), of_version = label("version", version);
  std::array<const TRITONSERVER_Parameter*, 2> labels{of_model.get(), of_version.get()};
  TRITONSERVER_Metric* metric = nullptr;
  log_if_failed(TRITONSERVER_MetricNew(&metric, family.family_.get(), labels.data(), labels.size()),
                "a counter");
  metric_.reset(metric);
}

void Counter::add(std::size_t by) const noexcept {
  if (metric_ == nullptr || by == 0) return;
  log_if_failed(TRITONSERVER_MetricIncrement(metric_.get(), static_cast<double>(by)), "counting");
}

}  // namespace troika::triton
