// What operations do when their turn comes.
#pragma once

#include <memory>

#include "tests/drivers/cuda/driver.h"

namespace cuda_emulator {

// An operation's sight of global memory: checks what it may touch, and tells the race detector.
class OpMemory : private Windows, private Observer {
 public:
  enum class Reach : std::uint8_t { kernel, copy };  // a kernel needs peer access, a copy does not
  OpMemory(const Op& op, Reach reach);
  MemoryView& view() { return view_; }
  std::byte* range(std::uint64_t address, std::uint64_t bytes, Access access) {
    return bytes == 0 ? nullptr : view_.range(address, bytes, access);
  }

 private:
  Window window(std::uint64_t address, std::uint64_t bytes) const override;
  void check_reach(const Allocation& allocation) const;
  bool ordered_after(OpId earlier) override;
  void race(OpId earlier, bool earlier_wrote, Access now, std::uint64_t offset) override;

  const Op& op_;
  Reach reach_;
  std::set<int> devices_;  // whose memory is in reach
  MemoryView view_;
};

// Rows of bytes, one of which lies in each pitch.
struct Rows {
  std::uint64_t address = 0;
  std::byte* pageable = nullptr;  // where it is host memory that the driver does not know
  std::uint64_t pitch = 0;
  std::shared_ptr<std::vector<std::byte>> staged;  // a copy of pageable rows, taken when submitted
};

Op::Body copy_body(Rows from, Rows to, std::uint64_t bytes, std::uint64_t rows);
// `value` of `size` bytes, over and over.
Op::Body fill_body(Rows to, std::uint32_t value, std::uint32_t size, std::uint64_t bytes,
                   std::uint64_t rows);
Op::Body host_body(CUhostFn function, void* data);
Op::Body allocate_body(Allocation& allocation);
Op::Body free_body(Allocation& allocation);

}  // namespace cuda_emulator
