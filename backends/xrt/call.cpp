#include "backends/xrt/call.h"

#include <cerrno>
#include <cstdlib>
#include <new>
#include <system_error>

namespace troika::xrt {

Status failure(Code code, std::string_view tried, std::string_view where,
               const std::exception& error) {
  if (const auto* const system = dynamic_cast<const std::system_error*>(&error)) {
    // The vendor's numbers are the kernel's, negative or not.
    const int number = std::abs(system->code().value());
    if (number == ENODEV) code = Code::device_lost;
    if (number == ENOMEM) code = Code::out_of_memory;
  }
  if (dynamic_cast<const std::bad_alloc*>(&error)) code = Code::out_of_memory;
  return {code, std::string{tried} + " on " + std::string{where} + ": " + error.what()};
}

}  // namespace troika::xrt
