#include <cstdint>

#include <sys/mman.h>

#include "backends/opencl/opencl.h"

namespace troika::opencl {
namespace {

constexpr std::size_t page_bytes = 4096;
// Sizes that are no multiple of a cache line make some drivers copy.
constexpr std::size_t line_bytes = 64;

bool aligned(const void* pointer, std::size_t to) noexcept {
  return reinterpret_cast<std::uintptr_t>(pointer) % to == 0;
}

}  // namespace

Buffer::Buffer(std::shared_ptr<const Core> core, cl_mem memory, std::span<std::byte> host,
               std::size_t owned_bytes) noexcept
    : Allocation{host_space, host.size(), host.data()},
      core_{std::move(core)},
      memory_{memory},
      owned_bytes_{owned_bytes} {}

Buffer::~Buffer() {
  if (!mapped_.empty()) {
    // A queue of its own, idle but for this: nothing waits behind a kernel here.
    mapped_.take(0, bytes(), [this](const MappedRange& range) {
      core_->api->EnqueueUnmapMemObject(core_->service, memory_, range.pointer, 0, nullptr,
                                        nullptr);
    });
    core_->api->Finish(core_->service);
  }
  core_->api->ReleaseMemObject(memory_);
  if (owned_bytes_ == 0) return;
  munmap(host(), owned_bytes_);
  core_->bytes_used.fetch_sub(owned_bytes_, std::memory_order_relaxed);
}

Result<std::unique_ptr<Allocation>> Buffer::make(std::shared_ptr<const Core> core,
                                                 std::span<std::byte> host,
                                                 std::size_t owned_bytes) {
  cl_int error = CL_SUCCESS;
  const cl_mem memory = core->api->CreateBuffer(
      core->context, CL_MEM_READ_WRITE | CL_MEM_USE_HOST_PTR, host.size(), host.data(), &error);
  if (error != CL_SUCCESS)
    return failure(
        Code::out_of_memory,
        "clCreateBuffer of " + std::to_string(host.size()) + " host bytes on " + core->name, error);
  return std::unique_ptr<Allocation>{new Buffer{std::move(core), memory, host, owned_bytes}};
}

std::size_t ClMemory::bytes_free() const noexcept {
  const std::size_t used = core_->bytes_used.load(std::memory_order_relaxed);
  return core_->memory_bytes - std::min(used, core_->memory_bytes);
}

Result<std::unique_ptr<Allocation>> ClMemory::allocate(const AllocOp& op) {
  if (op.bytes == 0 || op.alignment == 0 || (op.alignment & (op.alignment - 1)) != 0)
    return Status{Code::invalid_argument, "allocate: " + std::to_string(op.bytes) +
                                              " bytes aligned to " + std::to_string(op.alignment)};
  if (op.alignment > page_bytes)
    return Status{Code::unsupported,
                  "allocate: " + core_->name + " aligns to at most " + std::to_string(page_bytes)};
  const auto refuse = [&](const char* why) {
    return Status{Code::out_of_memory, std::string{why} + " of " + std::to_string(op.bytes) +
                                           " bytes on " + core_->name + " (" +
                                           std::to_string(bytes_free()) + " bytes free)"};
  };
  if (op.bytes > bytes_free()) return refuse("allocation");
  const std::size_t whole = (op.bytes + page_bytes - 1) / page_bytes * page_bytes;
  void* const pages =
      mmap(nullptr, whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED) return refuse("mmap");
  core_->bytes_used.fetch_add(whole, std::memory_order_relaxed);
  auto made = Buffer::make(core_, {static_cast<std::byte*>(pages), op.bytes}, whole);
  if (!made.ok()) {
    munmap(pages, whole);
    core_->bytes_used.fetch_sub(whole, std::memory_order_relaxed);
  }
  return made;
}

Result<std::unique_ptr<Allocation>> ClMemory::attach(const Allocation& same_space) {
  if (same_space.space() != host_space || !same_space.host())
    return Status{
        Code::invalid_argument,
        "attach: the allocation does not lie in the host's space, where " + core_->name + " works"};
  return adopt({same_space.host(), same_space.bytes()});
}

Result<std::unique_ptr<Allocation>> ClMemory::adopt(std::span<std::byte> host) {
  if (host.empty()) return Status{Code::invalid_argument, "adopt: no bytes"};
  if (core_->strict_host_pointer &&
      (!aligned(host.data(), page_bytes) || host.size() % line_bytes != 0))
    return Status{Code::unsupported, "adopt: " + core_->name +
                                         " would copy host bytes that are not aligned to " +
                                         std::to_string(page_bytes) +
                                         " or whose size is no "
                                         "multiple of " +
                                         std::to_string(line_bytes)};
  return Buffer::make(core_, host, 0);
}

}  // namespace troika::opencl
