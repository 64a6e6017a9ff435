// The parts of one OpenCL device, as this backend's files share them.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "backends/opencl/api.h"
#include "backends/opencl/mapped_ranges.h"
#include "backends/opencl/program_cache.h"
#include "runtime/device/device.h"
#include "runtime/device/driver_thread.h"

namespace troika::opencl {

// A device's handles, alive as long as anything of it: a context of its own, so that no driver
// moves bytes between devices behind our back.
struct Core {
  ~Core();

  const Api* api = nullptr;
  Environment* environment = nullptr;
  cl_device_id device = nullptr;
  cl_context context = nullptr;
  cl_command_queue service = nullptr;  // unmaps what a buffer's owner left mapped
  std::string name;                    // "pocl0"
  std::string identity;                // platform, device and driver version: for program keys
  std::string build_options;           // for every program
  bool strict_host_pointer = false;    // copies unless host pages are aligned and sized as it likes
  std::size_t memory_bytes = 0;
  mutable std::atomic<std::size_t> bytes_used{0};  // by our own allocations
};

// Host bytes that a cl_mem was made over (CL_MEM_USE_HOST_PTR).
class Buffer final : public Allocation {
 public:
  // `owned_bytes` of pages, mapped by us, go with the buffer; 0: they are somebody else's.
  static Result<std::unique_ptr<Allocation>> make(std::shared_ptr<const Core> core,
                                                  std::span<std::byte> host,
                                                  std::size_t owned_bytes);
  ~Buffer() override;

  const Core* core() const noexcept { return core_.get(); }
  cl_mem memory() const noexcept { return memory_; }

  // Verbs of several queues look at and change what the host holds, or soon will.
  std::mutex& asked_mutex() const noexcept { return asked_mutex_; }
  MappedRanges& asked() const noexcept { return asked_; }
  // What is mapped in the driver: the driver thread only.
  MappedRanges& mapped() const noexcept { return mapped_; }

 private:
  Buffer(std::shared_ptr<const Core> core, cl_mem memory, std::span<std::byte> host,
         std::size_t owned_bytes) noexcept;

  const std::shared_ptr<const Core> core_;
  const cl_mem memory_;
  const std::size_t owned_bytes_;
  mutable std::mutex asked_mutex_;  // protects asked_
  mutable MappedRanges asked_;
  mutable MappedRanges mapped_;
};

class ClMemory final : public Memory {
 public:
  explicit ClMemory(std::shared_ptr<const Core> core) : core_{std::move(core)} {}

  SpaceId space() const noexcept override { return host_space; }
  std::size_t bytes_free() const noexcept override;
  // Whole pages of host memory.
  Result<std::unique_ptr<Allocation>> allocate(const AllocOp& op) override;
  Result<std::unique_ptr<Allocation>> attach(const Allocation& same_space) override;
  // Code::unsupported where the driver would make a copy of pages that are not aligned to 4096 or
  // whose size is no multiple of 64.
  Result<std::unique_ptr<Allocation>> adopt(std::span<std::byte> host) override;

 private:
  std::shared_ptr<const Core> core_;
};

// A built kernel. cl_kernel is not thread-safe for arguments: only the driver thread sets them.
class ClKernel final : public LoadedKernel {
 public:
  ClKernel(std::shared_ptr<const Core> core, cl_kernel kernel, std::string operation,
           std::vector<Param> params) noexcept;
  ~ClKernel() override;

  const Core* core() const noexcept { return core_.get(); }
  cl_kernel handle() const noexcept { return kernel_; }
  const std::string& operation() const noexcept { return operation_; }
  const std::vector<Param>& params() const noexcept { return params_; }

 private:
  const std::shared_ptr<const Core> core_;
  const cl_kernel kernel_;
  const std::string operation_;
  const std::vector<Param> params_;
};

// Builds, or takes from the cache. Every buffer parameter is two of the function's: a __global
// pointer to the allocation's first byte, and a ulong byte offset.
Result<std::unique_ptr<LoadedKernel>> load_kernel(const std::shared_ptr<const Core>& core,
                                                  const ProgramCache& cache,
                                                  const KernelImage& image);

// One in-order command queue.
Result<std::unique_ptr<Stream>> make_stream(std::shared_ptr<const Core> core,
                                            std::shared_ptr<Waker> waker);

Result<Opened> open_all(const BackendOptions& options);

}  // namespace troika::opencl
