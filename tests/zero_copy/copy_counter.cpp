// Preloaded, it counts the bytes that the whole process copies with memcpy and memmove in pieces of
// 4 KiB and more, drivers included. A copy onto itself moves nothing and is left out.
#include <atomic>
#include <cstddef>
#include <cstdint>

#include <dlfcn.h>

namespace {

constexpr std::size_t counted_bytes_min = 4096;

using Copy = void* (*)(void*, const void*, std::size_t);
std::atomic<std::uint64_t> bytes_copied{0};
std::atomic<Copy> real_memmove{nullptr};

// Until the real one is found, which copies itself. The compiler must not make it a memmove.
[[gnu::optimize("no-tree-loop-distribute-patterns")]] void* copy_bytes(void* to, const void* from,
                                                                       std::size_t count) noexcept {
  auto* target = static_cast<unsigned char*>(to);
  const auto* source = static_cast<const unsigned char*>(from);
  if (target < source)
    for (std::size_t i = 0; i < count; ++i) target[i] = source[i];
  else
    for (std::size_t i = count; i > 0; --i) target[i - 1] = source[i - 1];
  return to;
}

void* counted(void* to, const void* from, std::size_t count) noexcept {
  if (count >= counted_bytes_min && to != from)
    bytes_copied.fetch_add(count, std::memory_order_relaxed);
  const Copy real = real_memmove.load(std::memory_order_relaxed);
  return real != nullptr ? real(to, from, count) : copy_bytes(to, from, count);
}

[[gnu::constructor]] void find_real() noexcept {
  real_memmove.store(reinterpret_cast<Copy>(dlsym(RTLD_NEXT, "memmove")),
                     std::memory_order_relaxed);
}

}  // namespace

extern "C" {

std::uint64_t troika_test_bytes_copied() { return bytes_copied.load(std::memory_order_relaxed); }

void* memcpy(void* __restrict to, const void* __restrict from, std::size_t count) noexcept {
  return counted(to, from, count);
}
void* memmove(void* to, const void* from, std::size_t count) noexcept {
  return counted(to, from, count);
}
void* __memcpy_chk(void* to, const void* from, std::size_t count, std::size_t) noexcept {
  return counted(to, from, count);
}
void* __memmove_chk(void* to, const void* from, std::size_t count, std::size_t) noexcept {
  return counted(to, from, count);
}

}  // extern "C"
