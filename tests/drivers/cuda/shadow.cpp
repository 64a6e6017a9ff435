#include "tests/drivers/cuda/shadow.h"

#include <new>

#include <sys/mman.h>

namespace cuda_emulator {
namespace {

std::uint32_t* map_words(std::uint64_t bytes) {
  void* const at = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (at == MAP_FAILED) throw std::bad_alloc();
  return static_cast<std::uint32_t*>(at);
}

}  // namespace

Shadow::Shadow(std::uint64_t bytes)
    : map_bytes_(bytes + 4), writers_(map_words(map_bytes_)), readers_(map_words(map_bytes_)) {}

Shadow::~Shadow() {
  munmap(writers_, map_bytes_);
  munmap(readers_, map_bytes_);
}

}  // namespace cuda_emulator
