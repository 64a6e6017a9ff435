// The devices of a backend that tests run on, opened through its plug-in as a runtime would.
#pragma once

#include <string>

#include "runtime/device/plugin.h"

namespace troika {

// Code::unavailable when this machine has none, with all that the backend says of it after
// `absent`. Anything else is a failure: the plug-in was built with the test, so only a driver may
// be missing.
inline Result<Opened> open_plugin_devices(const std::string& backend, const std::string& absent,
                                          Environment& environment, const std::string& text) {
  if (const auto plugin = load_plugin(backend); !plugin.ok())
    return Status{Code::internal, std::string{plugin.status().message()}};
  BackendOptions options;
  options.environment = &environment;
  options.text = text;
  Opened opened = open_plugin(backend, options);
  if (!opened.devices.empty()) return opened;
  std::string why = absent;
  for (const Missing& missing : opened.missing)
    why += "; " + missing.what + ": " + missing.why.to_string();
  return Status{Code::unavailable, why};
}

}  // namespace troika
