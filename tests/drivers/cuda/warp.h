// Thirty-two threads that execute a kernel together: registers, divergence, calls.
#pragma once

#include <bit>
#include <memory>
#include <vector>

#include "tests/drivers/cuda/fault.h"
#include "tests/drivers/cuda/program.h"
#include "tests/drivers/cuda/special_registers.h"

namespace cuda_emulator {

class Block;

// Where generic addresses of a thread's own spaces lie; no address of global memory has these bits.
inline constexpr std::uint64_t shared_window = 0xA000'0000'0000'0000;
inline constexpr std::uint64_t local_window = 0xB000'0000'0000'0000;
inline constexpr std::uint64_t param_window = 0xC000'0000'0000'0000;
inline constexpr std::uint64_t window_mask = 0xF000'0000'0000'0000;

// A call's registers, for all lanes that made it together.
struct Frame {
  std::unique_ptr<std::byte[]> registers;
  const Function* function = nullptr;
  std::shared_ptr<Frame> parent;  // null: the kernel's own
  const Call* call = nullptr;
  std::uint32_t return_to = 0;
  std::uint32_t locals = 0;  // where its locals begin on each thread's stack
  int depth = 0;
  Mask carry = 0;  // the condition code register
};

// Lanes at the same instruction of the same frame.
struct Group {
  enum class State : std::uint8_t { ready, at_sync, at_barrier };
  std::shared_ptr<Frame> frame;
  std::uint32_t at = 0;
  Mask mask = 0;
  State state = State::ready;
  std::uint32_t barrier = 0;               // that it is at
  const Instruction* reduction = nullptr;  // that waits for the barrier's result
};

// What threads bring to a barrier, and what its result is made of.
struct Arrivals {
  std::uint32_t threads = 0, holding = 0;  // those whose predicate holds
};

class Warp {
 public:
  Warp(Block& block, std::uint32_t index, Mask lanes);

  // Executes until every lane waits at a barrier or has exited, or about `budget` instructions
  // were. Returns how many thread-instructions that took. Throws Fault.
  std::uint64_t run(std::uint64_t budget);
  bool is_over() const { return groups_.empty(); }
  bool can_run() const;
  Mask alive() const { return alive_; }
  std::vector<Group>& groups() { return groups_; }
  Block& block() { return block_; }
  // "thread (1, 2, 0) of block (0, 0, 0)", and the line of PTX that it is at.
  std::string where(int lane) const;
  // The barrier is complete: those who wait there go on, with the result of its reduction.
  void release(std::uint32_t barrier, Arrivals all);

  // For handlers.
  template <class T>
  T* lanes(Slot slot) {
    return reinterpret_cast<T*>(banks_[static_cast<std::size_t>(slot.bank)] + slot.offset);
  }
  Mask& predicate(Slot slot) { return *lanes<Mask>(slot); }
  Mask negatable(const Instruction& i, std::size_t from) {
    return predicate(i.from[from]) ^ ((i.negated_from >> from & 1) != 0 ? ~Mask{0} : 0);
  }
  Frame& frame() { return *frame_; }
  std::byte* local(int lane, std::uint64_t address, std::uint32_t bytes);

 private:
  void step(std::size_t group, const Instruction& instruction);
  void enter(std::size_t group);
  std::size_t choose();
  bool merge(std::size_t group);
  void branch(std::size_t group, const Instruction& instruction, Mask taken);
  void branch_indexed(std::size_t group, const Instruction& instruction, Mask mask);
  void call(std::size_t group, const Instruction& instruction, Mask mask);
  void leave(std::size_t group, Mask mask, bool thread_ends);
  void converge(std::size_t group, const Instruction& instruction, Mask mask);
  void barrier(std::size_t group, const Instruction& instruction, Mask mask);
  // Lanes of the group outside the mask go on behind its instruction in a group of their own.
  void split_off(std::size_t group, Mask mask, std::uint32_t rest_at);
  void fill_specials();
  std::shared_ptr<Frame> make_frame(const Function& function) const;

  Block& block_;
  std::uint32_t index_;
  Mask alive_;
  std::vector<Group> groups_;
  std::shared_ptr<Frame> frame_;  // of the group that runs
  std::array<std::byte*, 3> banks_{};
  std::vector<std::byte> specials_;
  std::unique_ptr<std::byte[]> stack_;  // stack_bytes for each lane
  std::uint32_t stack_bytes_;
  std::uint32_t since_switch_ = 0;
};

}  // namespace cuda_emulator
