// Every call of the vendor's may throw; what it throws becomes a Status where the call is made.
#pragma once

#include <exception>
#include <string>
#include <string_view>

#include "runtime/base/status.h"

namespace troika::xrt {

// "<tried> on <where>: <what the vendor says>". Where the card is gone or the memory full, the code
// says that instead.
Status failure(Code code, std::string_view tried, std::string_view where,
               const std::exception& error);

template <class Call>
Status attempt(Code code, std::string_view tried, std::string_view where, Call&& call) {
  try {
    call();
    return {};
  } catch (const std::exception& error) {
    return failure(code, tried, where, error);
  }
}

}  // namespace troika::xrt
