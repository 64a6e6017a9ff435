// The parts of one OpenCL device, as this backend's files share them.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "backends/opencl/api.h"
#include "backends/opencl/mapped_ranges.h"
#include "runtime/device/budget.h"
#include "runtime/device/driver_device.h"
#include "runtime/device/program_cache.h"

namespace troika::opencl {

// A device's handles, alive as long as anything of it: a context of its own, so that no driver
// moves bytes between devices behind our back.
struct Core {
  ~Core();

  const Api* api = nullptr;
  Environment* environment = nullptr;
  cl_device_id device = nullptr;
  unsigned part = 0;  // cores that it was given, as a sub-device; 0: it is whole
  cl_context context = nullptr;
  cl_command_queue service = nullptr;  // unmaps what a buffer's owner left mapped
  std::string name;                    // "pocl0"
  std::string identity;                // platform, device and driver version: for program keys
  std::string build_options;           // for every program
  bool strict_host_pointer = false;    // copies host bytes but from whole lines on a page
  SpaceId space = host_space;          // of its own where the host cannot reach its memory
  bool svm = false;                    // it allocates fine-grained shared virtual memory
  std::size_t allocation_max = 0;      // bytes of one allocation
  Budget budget;
};

// Bytes that kernels reach: a cl_mem, over host bytes (CL_MEM_USE_HOST_PTR) or in memory of the
// device's own, or shared virtual memory, which host and device see at one address and at once.
class Buffer final : public Allocation {
 public:
  // Over host bytes, which begin a page where the device is strict. `taken` bytes of pages, mapped
  // by us, go with the buffer and back to the core; 0: they are somebody else's.
  static Result<std::unique_ptr<Allocation>> make(std::shared_ptr<const Core> core,
                                                  std::span<std::byte> host, std::size_t taken);
  // In the device's memory: `bytes` of it, taken from the core already, go back with the buffer.
  static Result<std::unique_ptr<Allocation>> make(std::shared_ptr<const Core> core,
                                                  std::size_t bytes);
  // Shared virtual memory: `taken` bytes of it, taken from the core already, go back with the
  // buffer.
  static Result<std::unique_ptr<Allocation>> make_shared_virtual(std::shared_ptr<const Core> core,
                                                                 std::size_t bytes,
                                                                 std::size_t taken);
  ~Buffer() override;

  // Null when the allocation is not one of this device's.
  static const Buffer* of(const Core& core, const Allocation* allocation) noexcept;
  // Null of shared virtual memory: commands are given its host() address.
  cl_mem memory() const noexcept { return memory_; }

  // No other buffer of the process ever had it: handles and addresses come back.
  std::uint64_t serial() const noexcept { return serial_; }

  // Verbs of several queues look at and change what the host holds, or soon will.
  std::mutex& asked_mutex() const noexcept { return asked_mutex_; }
  MappedRanges& asked() const noexcept { return asked_; }
  // What is mapped in the driver: the driver thread only.
  MappedRanges& mapped() const noexcept { return mapped_; }

 private:
  Buffer(std::shared_ptr<const Core> core, cl_mem memory, std::size_t bytes, std::byte* host,
         std::size_t taken) noexcept;

  const std::shared_ptr<const Core> core_;
  const cl_mem memory_;
  const std::uint64_t serial_;
  const std::size_t taken_;
  void* shared_ = nullptr;          // where shared virtual memory begins, before the first page
  mutable std::mutex asked_mutex_;  // protects asked_
  mutable MappedRanges asked_;
  mutable MappedRanges mapped_;
};

// The host's memory, which the device works in: pages that are its kernels' too, in shared virtual
// memory where the device allocates it.
class SharedMemory final : public Memory {
 public:
  explicit SharedMemory(std::shared_ptr<const Core> core) : core_{std::move(core)} {}

  SpaceId space() const noexcept override { return host_space; }
  std::size_t bytes_free() const noexcept override { return core_->budget.bytes_free(); }
  // Whole pages.
  Result<std::unique_ptr<Allocation>> allocate(const AllocOp& op) override;
  // Host pages, whoever allocated them.
  Result<std::unique_ptr<Allocation>> attach(const Allocation& same_space) override;
  // Code::unsupported where the driver would make a copy of pages that are not aligned to 4096 or
  // whose size is no multiple of 64.
  Result<std::unique_ptr<Allocation>> adopt(std::span<std::byte> host) override;

 private:
  std::shared_ptr<const Core> core_;
};

// Memory of the device's own. Nobody else's bytes lie there, and its kernels reach no host page:
// attach() and adopt() are `unsupported`. OpenCL has no verb to pin pages, so pin() does nothing.
class SeparateMemory final : public Memory {
 public:
  explicit SeparateMemory(std::shared_ptr<const Core> core) : core_{std::move(core)} {}

  SpaceId space() const noexcept override { return core_->space; }
  std::size_t bytes_free() const noexcept override { return core_->budget.bytes_free(); }
  // Aligned as the driver aligns its buffers: only kernels see addresses there.
  Result<std::unique_ptr<Allocation>> allocate(const AllocOp& op) override;
  Result<std::unique_ptr<Allocation>> attach(const Allocation& same_space) override;

 private:
  std::shared_ptr<const Core> core_;
};

// A built kernel. cl_kernel is not thread-safe for arguments: only the driver thread sets them.
class ClKernel final : public LoadedKernel {
 public:
  // What an argument was set to last: a call less where it stays so, as most do from launch to
  // launch. A scalar's bytes, or a buffer's serial number.
  struct SetArgument {
    std::uint64_t to = 0;
    bool known = false;
  };

  ClKernel(std::shared_ptr<const Core> core, cl_kernel kernel, std::string operation,
           std::vector<Param> params) noexcept;
  ~ClKernel() override;

  const Core* core() const noexcept { return core_.get(); }
  cl_kernel handle() const noexcept { return kernel_; }
  const std::string& operation() const noexcept { return operation_; }
  const std::vector<Param>& params() const noexcept { return params_; }
  // The driver thread only.
  std::vector<SetArgument>& arguments() const noexcept { return arguments_; }

 private:
  const std::shared_ptr<const Core> core_;
  const cl_kernel kernel_;
  const std::string operation_;
  const std::vector<Param> params_;
  mutable std::vector<SetArgument> arguments_;  // by the function's parameters
};

// Builds, or takes from the cache. Every buffer parameter is two of the function's: a __global
// pointer to the allocation's first byte, and a ulong byte offset.
Result<std::unique_ptr<LoadedKernel>> load_kernel(const std::shared_ptr<const Core>& core,
                                                  const ProgramCache& cache,
                                                  const KernelImage& image);

// One in-order command queue. For copies only, it takes no launches.
Result<std::unique_ptr<Stream>> make_stream(std::shared_ptr<const Core> core, QueueUse use,
                                            std::shared_ptr<Waker> waker);

Result<Opened> open_all(const BackendOptions& options);

}  // namespace troika::opencl
