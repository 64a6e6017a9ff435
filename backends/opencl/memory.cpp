#include <algorithm>
#include <cstdint>
#include <memory>

#include <sys/mman.h>

#include "backends/opencl/opencl.h"
#include "runtime/device/check.h"

namespace troika::opencl {
namespace {

constexpr std::size_t page_bytes = 4096;
// Sizes that are no multiple of a cache line make some drivers copy.
constexpr std::size_t line_bytes = 64;

bool aligned(const void* pointer, std::size_t to) noexcept {
  return reinterpret_cast<std::uintptr_t>(pointer) % to == 0;
}

std::uint64_t next_serial() noexcept {
  static std::atomic<std::uint64_t> latest{0};
  return ++latest;
}

}  // namespace

Buffer::Buffer(std::shared_ptr<const Core> core, cl_mem memory, std::size_t bytes, std::byte* host,
               std::size_t taken) noexcept
    : Allocation{host ? host_space : core->space, bytes, host},
      core_{std::move(core)},
      memory_{memory},
      serial_{next_serial()},
      taken_{taken} {}

Buffer::~Buffer() {
  if (!mapped_.empty()) {
    // A queue of its own, idle but for this: nothing waits behind a kernel here.
    mapped_.take(0, bytes(), [this](const MappedRange& range) {
      core_->api->EnqueueUnmapMemObject(core_->service, memory_, range.pointer, 0, nullptr,
                                        nullptr);
    });
    core_->api->Finish(core_->service);
  }
  if (memory_) core_->api->ReleaseMemObject(memory_);
  if (taken_ == 0) return;
  if (shared_) core_->api->SVMFree(core_->context, shared_);
  else if (host()) munmap(host(), taken_);
  core_->budget.give_back(taken_);
}

Result<std::unique_ptr<Allocation>> Buffer::make(std::shared_ptr<const Core> core,
                                                 std::span<std::byte> host, std::size_t taken) {
  cl_int error = CL_SUCCESS;
  // The rest of the last line lies on its page still, and no command ever names it.
  const std::size_t bytes = core->strict_host_pointer
                                ? (host.size() + line_bytes - 1) / line_bytes * line_bytes
                                : host.size();
  const cl_mem memory = core->api->CreateBuffer(
      core->context, CL_MEM_READ_WRITE | CL_MEM_USE_HOST_PTR, bytes, host.data(), &error);
  if (error != CL_SUCCESS)
    return failure(
        Code::out_of_memory,
        "clCreateBuffer of " + std::to_string(host.size()) + " host bytes on " + core->name, error);
  return std::unique_ptr<Allocation>{
      new Buffer{std::move(core), memory, host.size(), host.data(), taken}};
}

Result<std::unique_ptr<Allocation>> Buffer::make(std::shared_ptr<const Core> core,
                                                 std::size_t bytes) {
  cl_int error = CL_SUCCESS;
  const cl_mem memory =
      core->api->CreateBuffer(core->context, CL_MEM_READ_WRITE, bytes, nullptr, &error);
  if (error != CL_SUCCESS)
    return failure(Code::out_of_memory,
                   core->budget.out_of_memory("clCreateBuffer", bytes).message(), error);
  return std::unique_ptr<Allocation>{new Buffer{std::move(core), memory, bytes, nullptr, bytes}};
}

Result<std::unique_ptr<Allocation>> Buffer::make_shared_virtual(std::shared_ptr<const Core> core,
                                                                std::size_t bytes,
                                                                std::size_t taken) {
  // OpenCL aligns to the largest vector type at most.
  void* const shared = core->api->SVMAlloc(
      core->context, CL_MEM_READ_WRITE | CL_MEM_SVM_FINE_GRAIN_BUFFER, taken, 0);
  if (!shared) return core->budget.out_of_memory("clSVMAlloc", bytes);
  void* page = shared;
  std::size_t room = taken;
  std::align(page_bytes, bytes, page, room);
  std::unique_ptr<Buffer> buffer{
      new Buffer{std::move(core), nullptr, bytes, static_cast<std::byte*>(page), taken}};
  buffer->shared_ = shared;
  return std::unique_ptr<Allocation>{std::move(buffer)};
}

const Buffer* Buffer::of(const Core& core, const Allocation* allocation) noexcept {
  const auto* const buffer = dynamic_cast<const Buffer*>(allocation);
  return buffer && buffer->core_.get() == &core ? buffer : nullptr;
}

Result<std::unique_ptr<Allocation>> SharedMemory::allocate(const AllocOp& op) {
  TROIKA_TRY(check_allocation(op, core_->name));
  const std::size_t whole = (op.bytes + page_bytes - 1) / page_bytes * page_bytes;
  // Shared virtual memory does not come in pages.
  const std::size_t taken = core_->svm ? whole + page_bytes : whole;
  TROIKA_TRY(core_->budget.take(taken, op.bytes));
  if (core_->svm) {
    auto shared = Buffer::make_shared_virtual(core_, op.bytes, taken);
    if (!shared.ok()) core_->budget.give_back(taken);
    return shared;
  }
  void* const pages =
      mmap(nullptr, whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED) {
    core_->budget.give_back(whole);
    return core_->budget.out_of_memory("mmap", op.bytes);
  }
  auto made = Buffer::make(core_, {static_cast<std::byte*>(pages), op.bytes}, whole);
  if (!made.ok()) {
    munmap(pages, whole);
    core_->budget.give_back(whole);
  }
  return made;
}

Result<std::unique_ptr<Allocation>> SharedMemory::attach(const Allocation& same_space) {
  if (same_space.space() != host_space || !same_space.host())
    return Status{
        Code::invalid_argument,
        "attach: the allocation does not lie in the host's space, where " + core_->name + " works"};
  return adopt({same_space.host(), same_space.bytes()});
}

Result<std::unique_ptr<Allocation>> SharedMemory::adopt(std::span<std::byte> host) {
  if (host.empty()) return Status{Code::invalid_argument, "adopt: no bytes"};
  if (core_->strict_host_pointer && !aligned(host.data(), page_bytes))
    return Status{Code::unsupported, "adopt: " + core_->name +
                                         " would copy host bytes that are not aligned to " +
                                         std::to_string(page_bytes)};
  return Buffer::make(core_, host, 0);
}

}  // namespace troika::opencl
