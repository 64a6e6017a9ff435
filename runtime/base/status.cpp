#include "runtime/base/status.h"

#include <utility>

namespace troika {

std::string_view name_of(Code code) noexcept {
  switch (code) {
    case Code::ok: return "ok";
    case Code::invalid_argument: return "invalid_argument";
    case Code::not_found: return "not_found";
    case Code::out_of_range: return "out_of_range";
    case Code::out_of_memory: return "out_of_memory";
    case Code::exhausted: return "exhausted";
    case Code::unsupported: return "unsupported";
    case Code::unavailable: return "unavailable";
    case Code::kernel_failed: return "kernel_failed";
    case Code::device_lost: return "device_lost";
    case Code::timed_out: return "timed_out";
    case Code::cancelled: return "cancelled";
    case Code::data_lost: return "data_lost";
    case Code::would_deadlock: return "would_deadlock";
    case Code::internal: return "internal";
  }
  return "unknown";
}

Status::Status(Code code, std::string message)
    : rep_{code == Code::ok ? nullptr
                            : std::make_shared<const Rep>(Rep{code, std::move(message)})} {}

std::string Status::to_string() const {
  if (ok()) return "ok";
  return std::string{name_of(code())} + ": " + rep_->message;
}

Status Status::within(std::string_view context) const {
  if (ok()) return {};
  return {rep_->code, std::string{context} + ": " + rep_->message};
}

}  // namespace troika
