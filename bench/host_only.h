// A runtime of the host's workers and nothing else.
#pragma once

#include "runtime/troika.h"

namespace troika::bench {

inline RuntimeOptions host_only(unsigned workers) {
  RuntimeOptions options;
  options.workers = workers;
  options.devices = {"host"};
  return options;
}

}  // namespace troika::bench
