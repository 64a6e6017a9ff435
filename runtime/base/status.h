// How a call ended: ok, or a code with what was tried and what the vendor said.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace troika {

enum class Code : std::uint8_t {
  ok,
  invalid_argument,  // the caller's mistake, found before anything happened
  not_found,
  out_of_range,
  out_of_memory,
  exhausted,      // a named limit was reached
  unsupported,    // this device or build cannot do it
  unavailable,    // a driver, plug-in or runtime is not there
  kernel_failed,  // a kernel did not build, threw, or reported an error
  device_lost,    // the device failed or was given up
  timed_out,
  cancelled,
  data_lost,       // no intact replica of some bytes is left
  would_deadlock,  // waiting here would wait for oneself
  internal,        // a defect in Troika
};

std::string_view name_of(Code code) noexcept;

// Sixteen bytes; an ok status owns nothing. Copies share one immutable message, so that a poisoned
// task can hand its cause to any number of successors.
class [[nodiscard]] Status {
 public:
  Status() noexcept = default;
  Status(Code code, std::string message);

  bool ok() const noexcept { return rep_ == nullptr; }
  Code code() const noexcept { return rep_ ? rep_->code : Code::ok; }
  std::string_view message() const noexcept { return rep_ ? std::string_view{rep_->message} : ""; }
  // "out_of_memory: clCreateBuffer of 64 MiB: CL_OUT_OF_RESOURCES"
  std::string to_string() const;
  // The same code, told in a wider context: "while staging task 3 (blur): <message>".
  Status within(std::string_view context) const;

 private:
  struct Rep {
    Code code;
    std::string message;
  };
  std::shared_ptr<const Rep> rep_;
};

}  // namespace troika
