// One processor and its memory: all that a vendor supplies.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "runtime/base/environment.h"
#include "runtime/device/kernel.h"
#include "runtime/device/memory.h"
#include "runtime/device/queue.h"

namespace troika {

enum class DeviceKind : std::uint8_t { cpu, gpu, fpga };
std::string_view name_of(DeviceKind kind) noexcept;

// A directed way for bytes between two spaces that this device's queues can serve.
struct Link {
  SpaceId from, to;
  double bytes_per_second = 10e9;
  Nanos latency{10'000};
};

struct DeviceInfo {
  std::string name;         // unique within a runtime: "host", "pocl0"
  std::string backend;      // "host", "opencl"
  std::string description;  // the vendor's words
  DeviceKind kind = DeviceKind::cpu;
  SpaceId space = host_space;
  unsigned lanes = 1;       // compute queues that work independently: the workers of a host
  bool copy_queue = false;  // copies can run beside kernels, on a queue of their own
  std::vector<unsigned>
      cores;  // operating-system numbers of the CPU cores it runs on; empty: its own
  std::vector<Dialect> dialects;
  double flops_per_second = 10e9;  // rough peaks, to seed the cost model
  double bytes_per_second = 10e9;
  std::size_t memory_bytes = 0;
  std::vector<Link> links;
  // In a space it shares, others see its writes, and it theirs, only after a hand-over.
  bool needs_hand_over = false;
  // What its own memory allocates in a space it shares is there for everybody at once: handing it
  // over is free.
  bool shares_allocations = false;
  bool simulated = false;

  // Whether one of `names` is its own or its backend's.
  bool is_among(std::span<const std::string> names) const noexcept;
};

class Device {
 public:
  virtual ~Device() = default;  // after its queues, kernels and allocations

  virtual const DeviceInfo& info() const noexcept = 0;
  virtual Memory& memory() noexcept = 0;
  // Any thread but the strand; may compile for seconds. Code::kernel_failed carries the build log.
  virtual Result<std::unique_ptr<LoadedKernel>> load(const KernelImage& image) = 0;
  // `lane` < info().lanes for compute queues. The listener outlives the queue.
  virtual Result<std::unique_ptr<Queue>> create_queue(QueueId id, QueueUse use, unsigned lane,
                                                      QueueListener& listener) = 0;
  // Does ahead of time what a first launch of this shape would do. May take seconds; never on the
  // strand. Default: nothing to do.
  virtual Status prepare(const LoadedKernel& kernel, const LaunchShape& shape);
};

class WorkerPool;

// What a backend is opened with.
struct BackendOptions {
  Environment* environment = nullptr;
  WorkerPool* workers = nullptr;  // for devices that run on the host's workers
  std::uint32_t first_space = 1;  // ids the backend may give to spaces of its own
  std::string text;               // backend-specific "key=value,…"
};

// Why something that might have been there is not: printed by `troika-bench devices` and the demo.
struct Missing {
  std::string what;  // "opencl", "opencl: Portable Computing Language"
  Status why;
};

struct Opened {
  std::vector<std::unique_ptr<Device>> devices;
  std::vector<Missing> missing;
};

struct Backend {
  const char* name = nullptr;
  // Code::unavailable when the driver is not there at all.
  Result<Opened> (*open_all)(const BackendOptions& options) = nullptr;
};

// The backend's open_all(); when that fails, an entry for `what` in `missing` instead.
Opened open_or_missing(std::string_view what, const Backend& backend,
                       const BackendOptions& options);

}  // namespace troika
