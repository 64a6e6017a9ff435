// The parts of one CUDA device, as this backend's files share them.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "backends/cuda/api.h"
#include "backends/cuda/host_pages.h"
#include "runtime/device/budget.h"
#include "runtime/device/driver_device.h"
#include "runtime/device/program_cache.h"

namespace troika::cuda {

// How a device's kernels come to the host's bytes.
enum class Reach : std::uint8_t {
  none,         // not at all: memory of its own, and copies
  page_tables,  // it walks the host's page tables: any pointer of the host's is one of its own
  mapped,       // it shares the host's memory, as far as the driver was told of its pages
  managed       // the driver moves pages to whoever touches them, host and device at once
};

// A device's handles, alive as long as anything of it.
struct Core {
  ~Core();

  const Api* api = nullptr;
  Environment* environment = nullptr;
  CUdevice device = 0;
  CUcontext context = nullptr;  // the primary one, which the process's other users of CUDA share
  CUstream service = nullptr;   // takes and gives back memory
  CUmemoryPool pool = nullptr;  // of a device with memory of its own
  // On the service stream, behind the latest memory taken. Streams wait for it before they use any
  // that was taken since they last did, for the strand, which takes it, waits for nothing.
  CUevent taken = nullptr;
  mutable std::atomic<std::uint64_t> takings{0};
  std::string name;      // "cuda0"
  std::string identity;  // architecture and driver: for program keys
  int architecture = 0;  // 90: compute capability 9.0
  int compute_priority = 0, copy_priority = 0;
  SpaceId space = host_space;  // of its own where it cannot reach the host's
  Reach reach = Reach::none;
  Budget budget;
  std::shared_ptr<HostPages> pages;  // of the process: all devices'
};

// Calls of the driver are made in a context, which belongs to a thread. As long as this lives the
// calling thread is in the device's.
class Current {
 public:
  explicit Current(const Core& core) noexcept;
  ~Current();
  Current(const Current&) = delete;
  Current& operator=(const Current&) = delete;

 private:
  const Core& core_;
  bool pushed_;
};

// Bytes that kernels reach.
class Buffer final : public Allocation {
 public:
  // Who gives the bytes back, and to whom. `lent`: managed ones of another device's.
  enum class Origin : std::uint8_t { pool, pinned, managed, lent, pages, borrowed };

  // `taken` bytes of the core's budget go with it.
  Buffer(std::shared_ptr<const Core> core, Origin origin, CUdeviceptr address, std::byte* host,
         std::size_t bytes, std::size_t taken) noexcept;
  ~Buffer() override;

  // Null when the allocation is not one of this backend's, on whichever device.
  static const Buffer* of(const Allocation* allocation) noexcept;
  // Null when it is not one of this device's.
  static const Buffer* of(const Core& core, const Allocation* allocation) noexcept;

  const Core& core() const noexcept { return *core_; }
  bool managed() const noexcept { return origin_ == Origin::managed || origin_ == Origin::lent; }
  // Where kernels find the first byte. Null of borrowed pages until map() has told the driver.
  CUdeviceptr address() const noexcept { return address_; }
  // The driver thread, or before the buffer is given to anybody: borrowed pages are registered,
  // which takes as long as there are pages. Once.
  Status map() const;

 private:
  const std::shared_ptr<const Core> core_;
  const Origin origin_;
  const std::size_t taken_;
  mutable CUdeviceptr address_;
  mutable std::unique_ptr<HostPages::Hold> hold_;  // of borrowed pages that are registered
};

// Memory of the device's own, from a pool in which frees do not wait for the device, or the host's,
// which the device works in: as Core::reach says. Of a device with its own, attach() is
// `unsupported`, and adopt() maps host pages, which its kernels then read over the bus.
class CudaMemory final : public Memory {
 public:
  explicit CudaMemory(std::shared_ptr<const Core> core) : core_{std::move(core)} {}

  SpaceId space() const noexcept override { return core_->space; }
  std::size_t bytes_free() const noexcept override { return core_->budget.bytes_free(); }
  Result<std::unique_ptr<Allocation>> allocate(const AllocOp& op) override;
  // Pages that must be registered are so by their first operation, not here.
  Result<std::unique_ptr<Allocation>> attach(const Allocation& same_space) override;
  Result<std::unique_ptr<Allocation>> adopt(std::span<std::byte> host) override;
  Result<std::unique_ptr<Pin>> pin(std::span<std::byte> host) override;

 private:
  std::shared_ptr<const Core> core_;
};

// A loaded function, with the module it is in.
class CudaKernel final : public LoadedKernel {
 public:
  CudaKernel(std::shared_ptr<const Core> core, CUmodule module, CUfunction function,
             unsigned threads_max, const KernelImage& image);
  ~CudaKernel() override;

  const Core* core() const noexcept { return core_.get(); }
  CUfunction function() const noexcept { return function_; }
  const std::string& operation() const noexcept { return operation_; }
  const std::vector<Param>& params() const noexcept { return params_; }
  // The block of a launch that leaves the choice to the device.
  std::array<unsigned, 3> block_of(const LaunchShape& shape) const noexcept;

 private:
  const std::shared_ptr<const Core> core_;
  const CUmodule module_;
  const CUfunction function_;
  const unsigned threads_max_;
  const std::string operation_;
  const std::vector<Param> params_;
};

// Takes CUDA C, which NVRTC compiles for the device or the cache has, PTX, cubin or fatbin. Every
// buffer parameter is two of the function's: a pointer to the allocation's first byte, and an
// unsigned 64-bit byte offset.
Result<std::unique_ptr<LoadedKernel>> load_kernel(const std::shared_ptr<const Core>& core,
                                                  const ProgramCache& cache,
                                                  const KernelImage& image);

// One queue. For copies only, it takes no launches, and what comes from the device runs beside what
// goes there.
Result<std::unique_ptr<Stream>> make_stream(std::shared_ptr<const Core> core, QueueUse use,
                                            std::shared_ptr<Waker> waker);

Result<Opened> open_all(const BackendOptions& options);

}  // namespace troika::cuda
