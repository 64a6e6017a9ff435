// The OpenCL devices that tests run on.
#pragma once

#include "tests/plugin_devices.h"

namespace troika {

inline Result<Opened> open_opencl(Environment& environment, const std::string& text = {}) {
  return open_plugin_devices("opencl", "no OpenCL device (on Debian: pocl-opencl-icd)", environment,
                             text);
}

}  // namespace troika
