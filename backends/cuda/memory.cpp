#include <sys/mman.h>

#include "backends/cuda/cuda.h"
#include "runtime/device/check.h"

namespace troika::cuda {
namespace {

constexpr std::size_t round_up(std::size_t bytes) {
  return (bytes + HostPages::page_bytes - 1) / HostPages::page_bytes * HostPages::page_bytes;
}

class RegisteredPin final : public Pin {
 public:
  explicit RegisteredPin(std::shared_ptr<const Core> core, std::unique_ptr<HostPages::Hold> hold)
      : core_{std::move(core)}, hold_{std::move(hold)} {}
  ~RegisteredPin() override {
    const Current current{*core_};
    hold_.reset();
  }

 private:
  const std::shared_ptr<const Core> core_;
  std::unique_ptr<HostPages::Hold> hold_;
};

std::unique_ptr<Buffer> borrow(const std::shared_ptr<const Core>& core, std::span<std::byte> host) {
  const CUdeviceptr address =
      core->reach == Reach::page_tables ? reinterpret_cast<CUdeviceptr>(host.data()) : 0;
  return std::make_unique<Buffer>(core, Buffer::Origin::borrowed, address, host.data(), host.size(),
                                  0);
}

// What a new allocation is, less its budget. `whole` bytes.
struct Taken {
  CUdeviceptr address = 0;
  void* host = nullptr;
};

Result<Taken> map_pages(const Core& core, std::size_t whole) {
  void* const pages =
      mmap(nullptr, whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED) return core.budget.out_of_memory("mmap", whole);
  return Taken{reinterpret_cast<CUdeviceptr>(pages), pages};
}

Status refused(const Core& core, const char* call, std::size_t bytes, CUresult error) {
  return failure(*core.api, Code::out_of_memory, core.budget.out_of_memory(call, bytes).message(),
                 error);
}

Result<Taken> take_pinned(const Core& core, std::size_t whole) {
  Taken taken;
  CUresult error = core.api->MemHostAlloc(&taken.host, whole,
                                          CU_MEMHOSTALLOC_PORTABLE | CU_MEMHOSTALLOC_DEVICEMAP);
  if (error != CUDA_SUCCESS) return refused(core, "cuMemHostAlloc", whole, error);
  error = core.api->MemHostGetDevicePointer(&taken.address, taken.host, 0);
  if (error == CUDA_SUCCESS) return taken;
  core.api->MemFreeHost(taken.host);
  return refused(core, "cuMemHostGetDevicePointer", whole, error);
}

// Advised to stay where it is used: a page that the device touches over the bus is not moved there
// and back for every access of the host's.
Result<Taken> take_managed(const Core& core, std::size_t whole) {
  Taken taken;
  CUresult error = core.api->MemAllocManaged(&taken.address, whole, CU_MEM_ATTACH_GLOBAL);
  if (error != CUDA_SUCCESS) return refused(core, "cuMemAllocManaged", whole, error);
  taken.host = reinterpret_cast<void*>(taken.address);
  error = core.api->MemAdvise(taken.address, whole, CU_MEM_ADVISE_SET_ACCESSED_BY,
                              {CU_MEM_LOCATION_TYPE_DEVICE, core.device});
  if (error == CUDA_SUCCESS) return taken;
  core.api->MemFree(taken.address);
  return refused(core, "cuMemAdvise", whole, error);
}

// In the order of the service stream: streams wait for it, and the strand does not.
Result<Taken> take_from_pool(const Core& core, std::size_t bytes) {
  Taken taken;
  CUresult error = core.api->MemAllocFromPoolAsync(&taken.address, bytes, core.pool, core.service);
  if (error != CUDA_SUCCESS) return refused(core, "cuMemAllocFromPoolAsync", bytes, error);
  error = core.api->EventRecord(core.taken, core.service);
  if (error == CUDA_SUCCESS) {
    core.takings.fetch_add(1, std::memory_order_release);
    return taken;
  }
  core.api->MemFreeAsync(taken.address, core.service);
  return refused(core, "cuEventRecord after cuMemAllocFromPoolAsync", bytes, error);
}

Result<std::unique_ptr<Allocation>> allocate_from(const std::shared_ptr<const Core>& core,
                                                  const AllocOp& op, std::size_t bytes,
                                                  Buffer::Origin origin,
                                                  Result<Taken> (*take)(const Core&, std::size_t)) {
  TROIKA_TRY(check_allocation(op, core->name));
  TROIKA_TRY(core->budget.take(bytes, op.bytes));
  const Current current{*core};
  const auto taken = take(*core, bytes);
  if (!taken.ok()) {
    core->budget.give_back(bytes);
    return taken.status();
  }
  return std::unique_ptr<Allocation>{std::make_unique<Buffer>(
      core, origin, taken->address, static_cast<std::byte*>(taken->host), op.bytes, bytes)};
}

}  // namespace

Buffer::Buffer(std::shared_ptr<const Core> core, Origin origin, CUdeviceptr address,
               std::byte* host, std::size_t bytes, std::size_t taken) noexcept
    : Allocation{host ? host_space : core->space, bytes, host},
      core_{std::move(core)},
      origin_{origin},
      taken_{taken},
      address_{address} {}

Buffer::~Buffer() {
  const Current current{*core_};
  switch (origin_) {
    case Origin::pool: core_->api->MemFreeAsync(address_, core_->service); break;
    case Origin::pinned: core_->api->MemFreeHost(host()); break;
    case Origin::managed: core_->api->MemFree(address_); break;
    case Origin::lent: break;
    case Origin::pages: munmap(host(), taken_); break;
    case Origin::borrowed: hold_.reset(); break;
  }
  core_->budget.give_back(taken_);
}

const Buffer* Buffer::of(const Allocation* allocation) noexcept {
  return dynamic_cast<const Buffer*>(allocation);
}

const Buffer* Buffer::of(const Core& core, const Allocation* allocation) noexcept {
  const Buffer* const buffer = of(allocation);
  return buffer && buffer->core_.get() == &core ? buffer : nullptr;
}

Status Buffer::map() const {
  if (address_ != 0) return {};
  if (!hold_) {
    TROIKA_ASSIGN(hold_, core_->pages->hold({host(), bytes()}));
  }
  const CUresult error = core_->api->MemHostGetDevicePointer(&address_, host(), 0);
  if (error == CUDA_SUCCESS) return {};
  return failure(*core_->api, Code::unsupported, "cuMemHostGetDevicePointer on " + core_->name,
                 error);
}

Result<std::unique_ptr<Allocation>> CudaMemory::allocate(const AllocOp& op) {
  const std::size_t whole = round_up(op.bytes);
  switch (core_->reach) {
    case Reach::none:
      return allocate_from(core_, op, op.bytes, Buffer::Origin::pool, take_from_pool);
    case Reach::page_tables:
      return allocate_from(core_, op, whole, Buffer::Origin::pages, map_pages);
    case Reach::mapped: return allocate_from(core_, op, whole, Buffer::Origin::pinned, take_pinned);
    case Reach::managed: break;
  }
  return allocate_from(core_, op, whole, Buffer::Origin::managed, take_managed);
}

Result<std::unique_ptr<Allocation>> CudaMemory::attach(const Allocation& same_space) {
  if (core_->reach == Reach::none)
    return Status{Code::unsupported,
                  "attach: no other device's bytes lie in the memory of " + core_->name};
  if (same_space.space() != host_space || !same_space.host())
    return Status{
        Code::invalid_argument,
        "attach: the allocation does not lie in the host's space, where " + core_->name + " works"};
  // The driver's own pages, which it does not register; one address stands for them everywhere.
  if (const Buffer* const theirs = Buffer::of(&same_space); theirs && theirs->managed())
    return std::unique_ptr<Allocation>{
        std::make_unique<Buffer>(core_, Buffer::Origin::lent, theirs->address(), same_space.host(),
                                 same_space.bytes(), std::size_t{0})};
  return std::unique_ptr<Allocation>{borrow(core_, {same_space.host(), same_space.bytes()})};
}

Result<std::unique_ptr<Allocation>> CudaMemory::adopt(std::span<std::byte> host) {
  if (host.empty()) return Status{Code::invalid_argument, "adopt: no bytes"};
  auto adopted = borrow(core_, host);
  const Current current{*core_};
  TROIKA_TRY(adopted->map());
  return std::unique_ptr<Allocation>{std::move(adopted)};
}

Result<std::unique_ptr<Pin>> CudaMemory::pin(std::span<std::byte> host) {
  if (host.empty()) return Status{Code::invalid_argument, "pin: no bytes"};
  const Current current{*core_};
  TROIKA_ASSIGN(auto hold, core_->pages->hold(host));
  return std::unique_ptr<Pin>{std::make_unique<RegisteredPin>(core_, std::move(hold))};
}

}  // namespace troika::cuda
