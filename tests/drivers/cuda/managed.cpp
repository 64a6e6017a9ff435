// Managed memory where the host may not touch it while a kernel may be running: its pages are then
// out of the host's reach.
#include <sys/mman.h>

#include "tests/drivers/cuda/driver.h"

namespace cuda_emulator {
namespace {

bool excludes_host() {
  const auto found = options().attributes.find(CU_DEVICE_ATTRIBUTE_CONCURRENT_MANAGED_ACCESS);
  return found != options().attributes.end() && found->second == 0;
}

void protect(int protection) {
  driver().memory.each([protection](Allocation& allocation) {
    if (allocation.kind != Allocation::Kind::managed ||
        allocation.state != Allocation::State::live || allocation.for_host_only)
      return;
    mprotect(allocation.user, allocation.bytes, protection);
  });
}

}  // namespace

void before_kernel(Context&) {
  if (excludes_host()) protect(PROT_NONE);
}

void after_wait(Context&) {
  if (!excludes_host()) return;
  for (const auto& device : driver().devices) {
    if (!driver().engine.is_idle(device->ordinal)) return;
  }
  protect(PROT_READ | PROT_WRITE);
}

}  // namespace cuda_emulator
