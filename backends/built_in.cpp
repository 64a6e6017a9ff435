#include "runtime/device/built_in.h"

#include <sstream>
#include <string_view>

#include "backends/host/host.h"
#include "backends/host/workers.h"
#include "runtime/device/plugin.h"

namespace troika {

Result<std::unique_ptr<WorkerPool>> make_workers(const WorkerOptions& options) {
  host::WorkersOptions wanted;
  wanted.workers = options.workers;
  return std::unique_ptr<WorkerPool>{std::make_unique<host::Workers>(wanted)};
}

namespace {

// Takes the backend's keys out of `all`, each "<backend>.key=value".
std::string take_keys(std::string_view backend, std::vector<std::string>& all) {
  std::string keys;
  std::erase_if(all, [&](const std::string& option) {
    if (!option.starts_with(backend) || option.substr(backend.size(), 1) != ".") return false;
    keys += (keys.empty() ? "" : ",") + option.substr(backend.size() + 1);
    return true;
  });
  return keys;
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> options;
  std::istringstream in{text};
  for (std::string option; std::getline(in, option, ',');) options.push_back(option);
  return options;
}

}  // namespace

Opened open_built_in(const BackendOptions& options) {
  Opened all;
  const auto take = [&all](Opened opened) {
    for (auto& device : opened.devices) all.devices.push_back(std::move(device));
    for (Missing& missing : opened.missing) all.missing.push_back(std::move(missing));
  };
  std::vector<std::string> left = split(options.text);
  const auto options_of = [&](const char* backend) {
    BackendOptions own = options;
    own.text = take_keys(backend, left);
    return own;
  };
  Result<Opened> host = host_backend.open_all(options);
  if (host.ok()) take(*std::move(host));
  else all.missing.push_back({host_backend.name, host.status()});
  take(open_plugin("opencl", options_of("opencl")));
  for (const std::string& option : left)
    all.missing.push_back(
        {"option " + option, {Code::invalid_argument, "no backend has options of that name"}});
  return all;
}

}  // namespace troika
