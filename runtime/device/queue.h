// An in-order stream of work on one device.
#pragma once

#include <span>

#include "runtime/base/result.h"
#include "runtime/base/time.h"
#include "runtime/device/kernel.h"
#include "runtime/device/memory.h"
#include "runtime/device/timeline.h"

namespace troika {

struct CopyOp {
  Span2D from, to;  // as many bytes on both sides and rows of equal length
};

struct FillOp {
  Span2D to;
  Scalar value;  // repeated; row_bytes is a multiple of its size
};

// Makes bytes that one agent of a space wrote visible to another. Moves none.
enum class Towards : std::uint8_t { host, device };
struct HandOver {
  Span2D span;
  Towards towards = Towards::host;
  bool will_write = false;  // the receiver writes as well as reads
};

struct LaunchOp {
  const LoadedKernel* kernel = nullptr;
  std::span<const KernelArg> args;
  LaunchShape shape;
  TaskContext* context = nullptr;  // handed to host kernels as it is
};

// When an operation really ran, on the environment's clock.
struct Interval {
  std::uint64_t value = 0;  // on the queue's timeline
  Nanos begin{0}, end{0};
};

// Progress of one queue. Every operation after the previous report's `reached` and before this
// one's succeeded; `status` is that of the operation at `reached` itself.
struct Advance {
  Timepoint reached;
  Status status;
  bool lost = false;                   // the device is gone: nothing else of this queue is reported
  std::span<const Interval> measured;  // launches only, as far as the device can tell; may be empty
};

// A launched host function has begun to wait for other work (Runtime::blocking). The operations
// behind it, up to `last`, were taken back: they never begin, and nothing waits for them.
struct Blocked {
  Timepoint at;  // the launch that waits
  std::uint64_t last = 0;
};

class QueueListener {
 public:
  // On the device's driver thread (or a worker, or the simulator's), never inside a vendor
  // callback, and with no lock held: it may call any verb of any queue, abandon() of this one
  // included. Returns in bounded time.
  virtual void on_advance(const Advance& advance) noexcept = 0;
  // As on_advance. Until the launch is reached the queue's verbs fail with Code::exhausted. Only
  // queues whose launches are host functions report it.
  virtual void on_blocked(const Blocked&) noexcept {}

 protected:
  ~QueueListener() = default;
};

enum class QueueUse : std::uint8_t { compute, copy };

// Operations begin in the order of the calls, and each has finished before the next one's effects
// are needed. Called by one thread at a time (the strand). Every verb returns in bounded time, also
// while the device is blocked, compiling or full: the driver thread does the work. A failed verb
// enqueues nothing. Spans and arguments are copied before return; allocations and kernels stay
// alive until the operation is reached, or abandon() has told that it never begins.
class Queue {
 public:
  virtual ~Queue() = default;  // after abandon(), or when all is reached

  // Code::unsupported when the device cannot reach both ends.
  virtual Result<Timepoint> copy(const CopyOp& op) = 0;
  virtual Result<Timepoint> fill(const FillOp& op) = 0;
  virtual Result<Timepoint> launch(const LaunchOp& op) = 0;
  // A timepoint of value 0 when there is nothing to do.
  virtual Result<Timepoint> hand_over(const HandOver& op) = 0;
  // What follows begins after `other`, a point already enqueued on a queue of the same device.
  virtual Status wait_for(Timepoint other) = 0;
  // Submits all that was enqueued; at least one on_advance is owed for it.
  virtual Status flush() = 0;
  // The device is given up: when this returns no on_advance is running, but for one that calls it,
  // and none follows. Tells the last operation that has begun or may yet: what it touches may be
  // touched for ever, and all behind it will never begin. A queue that does not know, or that
  // cannot hold back what it has passed on, names the last one enqueued.
  virtual Timepoint abandon() noexcept = 0;
  // Any thread.
  virtual Timepoint reached() const noexcept = 0;
  // Operations that may be in flight at once; a verb beyond it fails with Code::exhausted.
  virtual std::size_t capacity() const noexcept { return 1024; }
};

}  // namespace troika
