// The CUDA devices that tests run on: a GPU's, or those of the emulated driver where the
// environment leads to it.
#pragma once

#include "tests/plugin_devices.h"

namespace troika {

inline Result<Opened> open_cuda(Environment& environment, const std::string& text = {}) {
  return open_plugin_devices("cuda", "no CUDA device", environment, text);
}

}  // namespace troika
