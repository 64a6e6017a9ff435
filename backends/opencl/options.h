// What this backend can be told when it is opened.
#pragma once

#include <cstdint>
#include <string_view>

#include "runtime/base/result.h"

namespace troika::opencl {

// How bytes come to a device that says that its memory is the host's too.
enum class Sharing : std::uint8_t {
  host_pointer,  // CL_MEM_USE_HOST_PTR over the host's pages, handed over by map and unmap
  svm,           // fine-grained shared virtual memory; a device without it is not used
  separate       // not at all: memory of its own, and copies
};

struct Options {
  Sharing memory = Sharing::host_pointer;
  unsigned cores = 0;  // of the host's, for a device that works on them; 0: as many as it likes
};

// A comma-separated list of "memory=host_pointer", the default, "memory=svm" or "memory=separate",
// and of "cores=<count>". What it does not say of memory is left to the environment
// (TROIKA_OPENCL_MEMORY, ignored in a set-user-id program). Code::invalid_argument names what is
// none of these.
Result<Options> parse_options(std::string_view text);

}  // namespace troika::opencl
