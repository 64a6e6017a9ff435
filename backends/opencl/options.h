// What this backend can be told when it is opened.
#pragma once

#include <string_view>

#include "runtime/base/result.h"

namespace troika::opencl {

struct Options {
  // Every device has memory of its own, though the driver says that it is the host's too.
  bool separate_memory = false;
};

// "memory=separate" or "memory=shared", the default; empty text leaves it to the environment
// (TROIKA_OPENCL_MEMORY, ignored in a set-user-id program). Code::invalid_argument names what is
// neither.
Result<Options> parse_options(std::string_view text);

}  // namespace troika::opencl
