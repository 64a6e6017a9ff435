// The XRT devices that tests run on: a card's, or those of the device model where the environment
// leads to it.
#pragma once

#include "tests/plugin_devices.h"

namespace troika {

inline Result<Opened> open_xrt(Environment& environment, const std::string& text = {}) {
  return open_plugin_devices("xrt", "no XRT device", environment, text);
}

}  // namespace troika
