#include "tests/drivers/cuda/execution.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

namespace cuda_emulator {

OpMemory::OpMemory(const Op& op, Reach reach)
    : Observer(op.id), op_(op), reach_(reach), view_(*this, *this) {
  const std::lock_guard lock(driver().mutex);
  devices_.insert(op.device);
  for (const Context* const peer : op.context->peers) devices_.insert(peer->device->ordinal);
}

Window OpMemory::window(std::uint64_t address, std::uint64_t bytes) const {
  const auto attribute = options().attributes.find(CU_DEVICE_ATTRIBUTE_PAGEABLE_MEMORY_ACCESS);
  if (attribute != options().attributes.end() && attribute->second != 0 &&
      driver().memory.find(address) == nullptr) {
    // The host's page tables decide: a bad address ends the process, as it would the host's own
    // use.
    const std::uint64_t base = address & ~std::uint64_t{4095};
    return {base, address - base + bytes, reinterpret_cast<std::byte*>(base), nullptr, nullptr};
  }
  return driver().memory.window(address, bytes, id(),
                                [this](const Allocation& allocation) { check_reach(allocation); });
}

void OpMemory::check_reach(const Allocation& allocation) const {
  if (allocation.allocated_by != 0 &&
      !const_cast<OpMemory*>(this)->follows(allocation.allocated_by)) {
    throw Fault{CUDA_ERROR_ILLEGAL_ADDRESS, "memory whose allocation, " +
                                                driver().engine.label_of(allocation.allocated_by) +
                                                ", nothing orders before this"};
  }
  if (reach_ == Reach::copy || allocation.kind != Allocation::Kind::device ||
      devices_.contains(allocation.device))
    return;
  if (allocation.pool != nullptr && allocation.pool->accessible.contains(op_.device)) return;
  throw Fault{CUDA_ERROR_ILLEGAL_ADDRESS, "memory of device " + std::to_string(allocation.device) +
                                              " on device " + std::to_string(op_.device) +
                                              ", which has no access to it as its peer"};
}

bool OpMemory::ordered_after(OpId earlier) { return driver().engine.ordered(earlier, op_.clock); }

void OpMemory::race(OpId earlier, bool earlier_wrote, Access now, std::uint64_t offset) {
  const std::string text = std::string("race: it ") + (now == Access::read ? "reads" : "writes") +
                           " byte " + std::to_string(offset) + " of an allocation that " +
                           driver().engine.label_of(earlier) +
                           (earlier_wrote ? " writes" : " reads") + ", and nothing orders the two";
  if (options().races == Races::fail) throw Fault{CUDA_ERROR_LAUNCH_FAILED, text};
  std::fprintf(stderr, "emulated CUDA: %s: %s\n", op_.label.c_str(), text.c_str());
}

namespace {

bool faulty(const char* name, const Op& op) {
  const std::lock_guard lock(driver().mutex);
  return driver().faulty(name, op.device);
}

// A fault of the options that strikes operations of a device.
void strike(const Op& op) {
  if (faulty("device_lost", op)) {
    const std::lock_guard lock(driver().mutex);
    driver().devices[static_cast<std::size_t>(op.device)]->lost = true;
    throw Fault{CUDA_ERROR_DEVICE_UNAVAILABLE, "the device is lost, as the options want"};
  }
}

}  // namespace

Op::Body launch_body(Context&, std::shared_ptr<const Program> program, Launch launch) {
  return [program = std::move(program), launch = std::move(launch)](Op& op) {
    strike(op);
    if (faulty("launch_failed", op)) throw Fault{CUDA_ERROR_LAUNCH_FAILED, "as the options want"};
    if (faulty("illegal_address", op))
      throw Fault{CUDA_ERROR_ILLEGAL_ADDRESS, "as the options want"};
    OpMemory memory(op, OpMemory::Reach::kernel);
    Launch own = launch;
    own.program = program.get();
    own.instructions_max = options().watchdog;
    own.given_up = &driver().engine.stopping();
    if (options().scheduler == Scheduler::random) own.seed = options().seed * 2654435761u + op.id;
    const std::uint64_t executed = execute(own, memory.view());
    const std::lock_guard lock(driver().mutex);
    ++driver().engine.kernels;
    driver().engine.instructions += executed;
  };
}

namespace {

std::byte* row_of(OpMemory& memory, const Rows& rows, std::uint64_t row, std::uint64_t bytes,
                  Access access) {
  if (rows.staged != nullptr) return rows.staged->data() + row * bytes;
  if (rows.pageable != nullptr) return rows.pageable + row * rows.pitch;
  return memory.range(rows.address + row * rows.pitch, bytes, access);
}

}  // namespace

Op::Body copy_body(Rows from, Rows to, std::uint64_t bytes, std::uint64_t rows) {
  return [=](Op& op) {
    strike(op);
    if (faulty("slow_copy", op)) {
      std::mutex mutex;
      Lock lock(mutex);
      std::condition_variable().wait_for(lock, std::chrono::milliseconds(50));
    }
    OpMemory memory(op, OpMemory::Reach::copy);
    for (std::uint64_t row = 0; row < rows; ++row) {
      const std::byte* const source = row_of(memory, from, row, bytes, Access::read);
      std::byte* const target = row_of(memory, to, row, bytes, Access::write);
      if (bytes > 0) std::memmove(target, source, bytes);
    }
  };
}

Op::Body fill_body(Rows to, std::uint32_t value, std::uint32_t size, std::uint64_t bytes,
                   std::uint64_t rows) {
  return [=](Op& op) {
    strike(op);
    OpMemory memory(op, OpMemory::Reach::copy);
    for (std::uint64_t row = 0; row < rows; ++row) {
      std::byte* const target = row_of(memory, to, row, bytes, Access::write);
      for (std::uint64_t at = 0; at < bytes; at += size) std::memcpy(target + at, &value, size);
    }
  };
}

Op::Body host_body(CUhostFn function, void* data) {
  return [=](Op& op) {
    {
      const std::lock_guard lock(driver().mutex);
      driver().engine.host_saw(op.clock);
    }
    this_thread().in_host_function = true;
    function(data);
    this_thread().in_host_function = false;
  };
}

Op::Body allocate_body(Allocation& allocation) {
  return [&allocation](Op&) { allocation.state = Allocation::State::live; };
}

Op::Body free_body(Allocation& allocation) {
  return [&allocation](Op& op) {
    for (const OpId user : driver().memory.users_of(allocation)) {
      if (options().races == Races::off || user == op.id || driver().engine.ordered(user, op.clock))
        continue;
      throw Fault{CUDA_ERROR_LAUNCH_FAILED, "race: it frees memory that " +
                                                driver().engine.label_of(user) +
                                                " uses, and nothing orders the two"};
    }
    driver().memory.remove(allocation);
    const std::lock_guard lock(driver().mutex);
    allocation.pool->used -= std::min(allocation.pool->used, allocation.bytes);
  };
}

}  // namespace cuda_emulator
