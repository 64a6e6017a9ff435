#include "backends/host/host.h"
#include "backends/host/topology.h"

namespace troika {
namespace host {
namespace {

// Rough peaks, which only seed the cost model until it has measurements.
constexpr double flops_per_second_of_core = 8e9;
constexpr double bytes_per_second_of_machine = 10e9;

}  // namespace

void Queues::add(QueueId id, const std::shared_ptr<QueueCore>& core) {
  const std::scoped_lock lock{mutex_};
  cores_[id] = core;
}

void Queues::remove(QueueId id) {
  const std::scoped_lock lock{mutex_};
  cores_.erase(id);
}

std::shared_ptr<QueueCore> Queues::find(QueueId id) const {
  const std::scoped_lock lock{mutex_};
  const auto found = cores_.find(id);
  return found == cores_.end() ? nullptr : found->second.lock();
}

Device::Device(Environment& environment, WorkerPool& workers)
    : environment_{environment}, workers_{workers} {
  const Topology topology = read_topology();
  info_.name = "host";
  info_.backend = "host";
  info_.description = topology.description;
  info_.kind = DeviceKind::cpu;
  info_.space = host_space;
  info_.lanes = workers.workers();
  info_.cores = topology.cpus;
  info_.dialects = {Dialect::host};
  info_.flops_per_second = flops_per_second_of_core * topology.cores;
  info_.bytes_per_second = bytes_per_second_of_machine;
  info_.memory_bytes = topology.memory_bytes;
}

Result<std::unique_ptr<troika::LoadedKernel>> Device::load(const KernelImage& image) {
  return Kernel::load(image);
}

Result<std::unique_ptr<troika::Queue>> Device::create_queue(QueueId id, QueueUse use, unsigned lane,
                                                            QueueListener& listener) {
  if (use == QueueUse::copy)
    return Status{Code::unsupported, "create_queue: " + info_.name + " has no copy queue"};
  if (lane >= info_.lanes)
    return Status{Code::out_of_range, "create_queue: lane " + std::to_string(lane) + " of " +
                                          std::to_string(info_.lanes) + " on " + info_.name};
  if (queues_.find(id))
    return Status{Code::invalid_argument,
                  "create_queue: queue " + std::to_string(id.value) + " exists already"};
  return std::unique_ptr<troika::Queue>{
      std::make_unique<Queue>(id, environment_, workers_, queues_, listener)};
}

}  // namespace host

namespace {

Result<Opened> open_all(const BackendOptions& options) {
  if (!options.environment || !options.workers)
    return Status{Code::invalid_argument, "host: opened without an environment or workers"};
  Opened opened;
  opened.devices.push_back(std::make_unique<host::Device>(*options.environment, *options.workers));
  return opened;
}

}  // namespace

const Backend host_backend{"host", open_all};

}  // namespace troika
