#include "tests/drivers/xrt/buffers.h"

#include <algorithm>
#include <new>

#include <sys/mman.h>
#include <unistd.h>
#include <xrt_mem.h>

#include "tests/drivers/xrt/options.h"

namespace xrt_model {
namespace {

constexpr std::size_t page_bytes = 4096;
// What a device's memory holds before anybody has written there.
constexpr int nobodys_byte = 0xa5;

std::size_t whole_pages(std::size_t bytes) {
  return std::max<std::size_t>(1, (bytes + page_bytes - 1) / page_bytes) * page_bytes;
}

}  // namespace

Pages::Pages(std::size_t bytes)
    : first_{nullptr}, taken_{whole_pages(bytes)}, file_{memfd_create("xrt-model", MFD_CLOEXEC)} {
  void* pages = MAP_FAILED;
  if (file_ >= 0 && ftruncate(file_, static_cast<off_t>(taken_)) == 0)
    pages = mmap(nullptr, taken_, PROT_READ | PROT_WRITE, MAP_SHARED, file_, 0);
  if (pages == MAP_FAILED) {
    if (file_ >= 0) close(file_);
    throw std::bad_alloc{};
  }
  first_ = static_cast<std::byte*>(pages);
}

Pages::~Pages() {
  if (taken_ == 0) return;
  munmap(first_, taken_);
  close(file_);
}

bool Buffers::load(const std::vector<Bank>& banks) {
  const std::scoped_lock lock{mutex_};
  const auto in_bank = [](const auto& object) { return object.second->bank >= 0; };
  if (banks != banks_ && std::any_of(objects_.begin(), objects_.end(), in_bank)) return false;
  banks_ = banks;
  for (const auto& [handle, object] : objects_)
    if (object->bank >= 0 && object->device != object->host)
      std::memset(object->device->first(), nobodys_byte, object->bytes);
  return true;
}

// The first gap that is wide enough; 0 when there is none. No bank begins there.
std::uint64_t Buffers::take(const Bank& bank, int index, std::size_t bytes) const {
  std::map<std::uint64_t, std::uint64_t> taken;
  for (const auto& [handle, object] : objects_)
    if (object->bank == index) taken[object->address] = whole_pages(object->bytes);
  std::uint64_t at = bank.base;
  for (const auto& [begin, size] : taken) {
    if (begin - at >= bytes) break;
    at = begin + size;
  }
  return bank.base + bank.bytes - at >= bytes ? at : 0;
}

unsigned Buffers::make(std::size_t bytes, unsigned flags, void* user) {
  if (strikes("no_memory")) return 0;
  const std::scoped_lock lock{mutex_};
  auto made = std::make_shared<BufferObject>();
  made->bytes = bytes;
  made->flags = flags;
  if (user) made->host = std::make_shared<Pages>(user);
  else if (!(flags & XCL_BO_FLAGS_DEV_ONLY)) made->host = std::make_shared<Pages>(bytes);
  if (!(flags & XCL_BO_FLAGS_EXECBUF)) {
    const auto bank = static_cast<std::size_t>(flags & XRT_BO_FLAGS_MEMIDX_MASK);
    if (bank >= banks_.size()) return 0;
    made->bank = static_cast<int>(bank);
    made->address = take(banks_[bank], made->bank, whole_pages(bytes));
    if (made->address == 0) return 0;
    if (flags & XCL_BO_FLAGS_HOST_ONLY) {
      made->device = made->host;
    } else {
      made->device = std::make_shared<Pages>(bytes);
      std::memset(made->device->first(), nobodys_byte, bytes);
    }
  }
  objects_[++last_] = std::move(made);
  return last_;
}

bool Buffers::free(unsigned handle) {
  const std::scoped_lock lock{mutex_};
  return objects_.erase(handle) != 0;
}

std::shared_ptr<BufferObject> Buffers::find(unsigned handle) const {
  const std::scoped_lock lock{mutex_};
  const auto found = objects_.find(handle);
  return found == objects_.end() ? nullptr : found->second;
}

std::byte* Buffers::at(std::uint64_t address, std::size_t bytes, int& bank) const {
  const std::scoped_lock lock{mutex_};
  for (const auto& [handle, object] : objects_) {
    if (object->bank < 0 || address < object->address) continue;
    const std::uint64_t from = address - object->address;
    if (from > object->bytes || bytes > object->bytes - from) continue;
    bank = object->bank;
    return object->device->first() + from;
  }
  return nullptr;
}

}  // namespace xrt_model
