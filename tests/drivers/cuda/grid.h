// A launch: its blocks, one after another or, where they wait for each other, in turns.
#pragma once

#include <array>
#include <atomic>
#include <random>
#include <vector>

#include "tests/drivers/cuda/memory_view.h"
#include "tests/drivers/cuda/warp.h"

namespace cuda_emulator {

using Extent = std::array<std::uint32_t, 3>;

struct Launch {
  const Program* program = nullptr;
  const Function* kernel = nullptr;
  Extent grid{1, 1, 1}, block{1, 1, 1};
  std::uint32_t dynamic_shared = 0;
  std::uint32_t stack_bytes = 1024;
  std::vector<std::byte> parameters;
  bool cooperative = false;
  std::uint64_t seed = 0;              // not 0: warps run in an order and in slices that it chooses
  std::uint64_t instructions_max = 0;  // 0: no watchdog
  const std::atomic<bool>* given_up = nullptr;  // set: the launch fails before its next turn
};

// Threads that share memory and barriers.
class Block {
 public:
  Block(const Launch& launch, MemoryView& memory, Extent position);

  // Runs every warp that can, once. Returns thread-instructions executed; 0 when the block is over.
  // Throws Fault, also where nothing can run and threads are left.
  std::uint64_t run(std::uint64_t slice, std::minstd_rand* random);

  const Launch& launch() const { return launch_; }
  MemoryView& memory() { return memory_; }
  Extent position() const { return position_; }
  std::uint32_t threads() const { return threads_; }
  std::byte* shared(std::uint64_t address, std::uint32_t bytes);
  std::byte* parameter(std::uint64_t address, std::uint32_t bytes);

  // Threads come to a barrier: releases those who wait there if all have. `count` 0: every thread.
  void arrive(std::uint32_t barrier, std::uint32_t count, Arrivals arriving);
  void note_exit();

 private:
  struct Barrier {
    std::uint32_t expected = 0;  // 0: every thread that is left
    Arrivals arrived;
  };
  void release_if_complete(std::uint32_t barrier);
  std::uint32_t alive() const;

  const Launch& launch_;
  MemoryView& memory_;
  Extent position_;
  std::uint32_t threads_;
  std::vector<std::byte> shared_;
  std::vector<std::unique_ptr<Warp>> warps_;
  std::array<Barrier, 16> barriers_{};
};

// Executes the launch. Returns the thread-instructions that it took. Throws Fault.
std::uint64_t execute(const Launch& launch, MemoryView& memory);

}  // namespace cuda_emulator
