#include "runtime/device/built_in.h"

#include "backends/host/host.h"
#include "backends/host/workers.h"
#include "runtime/device/plugin.h"

namespace troika {

Result<std::unique_ptr<WorkerPool>> make_workers(const WorkerOptions& options) {
  host::WorkersOptions wanted;
  wanted.workers = options.workers;
  return std::unique_ptr<WorkerPool>{std::make_unique<host::Workers>(wanted)};
}

Opened open_built_in(const BackendOptions& options) {
  Opened all;
  const auto take = [&all](Opened opened) {
    for (auto& device : opened.devices) all.devices.push_back(std::move(device));
    for (Missing& missing : opened.missing) all.missing.push_back(std::move(missing));
  };
  Result<Opened> host = host_backend.open_all(options);
  if (host.ok()) take(*std::move(host));
  else all.missing.push_back({host_backend.name, host.status()});
  take(open_plugin("opencl", options));
  return all;
}

}  // namespace troika
