#include "runtime/device/built_in.h"

#include <algorithm>
#include <sstream>
#include <string_view>

#include "backends/host/host.h"
#include "backends/host/workers.h"
#include "backends/linked.h"
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
    if (!keys.empty()) keys += ',';
    keys.append(option, backend.size() + 1);
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

const Status not_asked_for{Code::unavailable, "not opened: only the host may run kernels"};

}  // namespace

Opened open_backend(std::string_view name, const BackendOptions& options) {
  for (const Backend& linked : linked_backends())
    if (linked.name == name) return open_or_missing(name, linked, options);
  return open_plugin(name, options);
}

Opened open_built_in(const BackendOptions& options, bool host_only) {
  Opened all;
  std::uint32_t next_space = options.first_space;
  const auto take = [&](Opened opened) {
    for (auto& device : opened.devices) {
      // The next backend's own spaces come behind those of the ones before.
      next_space = std::max(next_space, device->info().space.value + 1);
      all.devices.push_back(std::move(device));
    }
    for (Missing& missing : opened.missing) all.missing.push_back(std::move(missing));
  };
  std::vector<std::string> left = split(options.text);
  const auto options_of = [&](const char* backend) {
    BackendOptions own = options;
    own.text = take_keys(backend, left);
    own.first_space = next_space;
    return own;
  };
  take(open_or_missing(host_backend.name, host_backend, options));
  for (const char* const backend : {"opencl", "cuda", "xrt"}) {
    const BackendOptions own = options_of(backend);
    if (host_only) all.missing.push_back({backend, not_asked_for});
    else take(open_backend(backend, own));
  }
  for (const std::string& option : left)
    all.missing.push_back(
        {"option " + option, {Code::invalid_argument, "no backend has options of that name"}});
  return all;
}

}  // namespace troika
