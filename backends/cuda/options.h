// What this backend can be told when it is opened.
#pragma once

#include <cstdint>
#include <string_view>

#include "runtime/base/result.h"

namespace troika::cuda {

// Where the bytes of its devices lie.
enum class Sharing : std::uint8_t {
  automatic,  // in the host's memory where the device shares it, else in its own
  separate,   // in memory of the device's own, whatever it shares
  managed     // in pages that the driver moves; a device that cannot touch them beside the host is
              // not used
};

struct Options {
  Sharing memory = Sharing::automatic;
};

// "memory=auto", the default, "memory=separate" or "memory=managed". What it does not say is left
// to the environment (TROIKA_CUDA_MEMORY, ignored in a set-user-id program). Code::invalid_argument
// names what is none of these.
Result<Options> parse_options(std::string_view text);

}  // namespace troika::cuda
