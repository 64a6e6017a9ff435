#include "backends/xrt/body.h"

#include <memory>

#include <sys/mman.h>

#include "backends/xrt/call.h"

namespace troika::xrt {
namespace {

constexpr std::size_t page_bytes = 4096;

::xrt::memory_group group_of(int bank) noexcept { return static_cast<::xrt::memory_group>(bank); }

}  // namespace

Result<std::shared_ptr<Body>> Body::make(std::size_t bytes) {
  const std::size_t taken = (bytes + page_bytes - 1) / page_bytes * page_bytes;
  void* const pages = mmap(nullptr, taken, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (pages == MAP_FAILED)
    return Status{Code::out_of_memory, "mmap of " + std::to_string(taken) + " bytes"};
  return std::shared_ptr<Body>{new Body{static_cast<std::byte*>(pages), bytes, taken}};
}

Result<std::shared_ptr<Body>> Body::make_on_host(::xrt::device& device, int bank, std::size_t bytes,
                                                 std::string_view where) {
  ::xrt::bo object;
  std::byte* pages = nullptr;
  TROIKA_TRY(attempt(
      Code::out_of_memory, "a buffer of " + std::to_string(bytes) + " host bytes", where, [&] {
        object = ::xrt::bo{device, bytes, ::xrt::bo::flags::host_only, group_of(bank)};
        pages = object.map<std::byte*>();
      }));
  std::shared_ptr<Body> body{new Body{pages, bytes, 0}};
  body->object_ = std::move(object);
  body->bank_ = bank;
  return body;
}

Body::~Body() {
  object_ = {};
  if (taken_ != 0) munmap(pages_, taken_);
}

Status Body::place(::xrt::device& device, int bank, std::string_view where) {
  TROIKA_TRY(
      attempt(Code::out_of_memory, "a buffer of " + std::to_string(bytes_) + " bytes", where, [&] {
        object_ = ::xrt::bo{device, pages_, taken_, ::xrt::bo::flags::normal, group_of(bank)};
      }));
  bank_ = bank;
  device_is_newer_ = false;
  if (!written_) return {};
  return to_device(0, bytes_, where);
}

Status Body::evict(std::string_view where) {
  if (bank_ == nowhere || is_on_host()) return {};
  if (device_is_newer_) {
    TROIKA_TRY(from_device(0, bytes_, where));
  }
  object_ = {};
  bank_ = nowhere;
  device_is_newer_ = false;
  return {};
}

Status Body::to_device(std::size_t offset, std::size_t bytes, std::string_view where) {
  written_ = true;
  if (bank_ == nowhere) return {};
  return attempt(Code::kernel_failed, "a copy to the device", where,
                 [&] { object_.sync(XCL_BO_SYNC_BO_TO_DEVICE, bytes, offset); });
}

Status Body::from_device(std::size_t offset, std::size_t bytes, std::string_view where) {
  if (bank_ == nowhere) return {};
  written_ = true;
  return attempt(Code::kernel_failed, "a copy from the device", where,
                 [&] { object_.sync(XCL_BO_SYNC_BO_FROM_DEVICE, bytes, offset); });
}

}  // namespace troika::xrt
