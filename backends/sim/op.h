// One operation of a simulated queue: what it touches, and what it does to the bytes.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "backends/sim/block.h"
#include "backends/sim/network.h"
#include "runtime/device/queue.h"

namespace troika::sim {

// Operations that may still use an allocation's handle, or a kernel: it must not be destroyed.
struct InUse {
  std::size_t operations = 0;
};

// What Device::load keeps of an image.
struct KernelBody {
  std::string operation;
  std::vector<Param> params;
  HostFunction function;
};

struct OpUse {
  std::shared_ptr<Block> block;
  std::shared_ptr<InUse> handle;
  SpaceId space;
  Rect rect;
  Touch touch = Touch::read;
};

enum class OpKind : std::uint8_t { launch, copy, fill, hand_over };

struct Op {
  OpKind kind = OpKind::launch;
  std::uint64_t value = 0;
  Actor actor;
  std::vector<OpUse> uses;  // launch: one a buffer argument, in order; copy: from, to
  std::vector<Timepoint> waits;
  bool ends_flush = false;

  std::shared_ptr<const KernelBody> kernel;
  std::shared_ptr<InUse> kernel_in_use;
  std::vector<KernelArg> args;
  TaskContext* context = nullptr;
  Scalar value_to_fill;
  bool towards_host = false;
  const MachineLink* link = nullptr;  // null: within one space

  // From its begin on:
  bool running = false;
  Status fate;  // not ok: it will end so
  Nanos began{0};
  TransferId transfer = 0;
  FailureId taint = no_failure;

  std::size_t bytes() const noexcept;
};

// The bytes that an operation saw when it began, and its effect when it ends: one that began too
// early, for want of a wait, computes from stale bytes.
class Effect {
 public:
  // `poisoned`: what it may only write is not what was there.
  void snapshot(const Op& op, bool poisoned);
  // Code::kernel_failed with what the kernel threw.
  Status apply(const Op& op);

 private:
  class Shadow;
  struct Part {
    Block* block = nullptr;
    std::size_t begin = 0, end = 0;  // of the block
    std::vector<std::byte> bytes;
  };

  Part& part_of(const Block* block);
  Status call(const Op& op);

  std::vector<Part> parts_;  // one a block: views that overlap truly alias
};

}  // namespace troika::sim
