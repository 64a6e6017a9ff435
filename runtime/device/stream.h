// What a vendor supplies behind one queue: how to begin an operation and how to see its end.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "runtime/device/queue.h"

namespace troika {

// Arguments of one launch; up to `inline_args` of them without allocating, and beyond that into
// room that the slot keeps for the next launch.
class ArgList {
 public:
  static constexpr std::size_t inline_args = 8;

  void assign(std::span<const KernelArg> args);
  std::span<const KernelArg> view() const noexcept;

 private:
  std::array<KernelArg, inline_args> inline_;
  std::vector<KernelArg> spilled_;
  std::size_t size_ = 0;
};

// One verb's call, copied whole. Which fields count depends on the kind.
struct StreamOperation {
  enum class Kind : std::uint8_t { copy, fill, launch, hand_over };

  Kind kind = Kind::launch;
  std::uint64_t value = 0;  // on the queue's timeline
  Span2D from;              // copy
  Span2D to;                // copy, fill; the span of a hand_over
  Scalar scalar;            // fill
  Towards towards = Towards::host;
  bool will_write = false;
  const LoadedKernel* kernel = nullptr;
  ArgList args;
  LaunchShape shape;
};

struct Failure {
  std::uint64_t value = 0;
  Status status;
};

// What a stream has to tell since it was last asked.
struct StreamProgress {
  std::uint64_t reached = 0;       // all that was begun up to this value has ended
  std::vector<Failure> failed;     // ascending, none beyond `reached`
  std::vector<Interval> measured;  // ascending, none beyond `reached`
  Status lost;                     // not ok: the device is gone

  void clear() noexcept;
};

// An in-order stream of one vendor. accept() is called by the queue's verbs, everything else by the
// driver thread; a call there may take as long as the vendor likes.
class Stream {
 public:
  virtual ~Stream() = default;

  // Checks an operation before it is numbered; false when there is nothing to do. Returns in
  // bounded time and calls no vendor.
  virtual Result<bool> accept(const StreamOperation& op) = 0;
  // Has the vendor hold back the next operation that begins, and all behind it, until what
  // `other`, another stream of this device, has begun and sent off up to `value` has ended; whether
  // well or badly. Default: false, whatever is asked; the driver thread then begins the operation
  // when that is reached.
  virtual bool hold_behind(const Stream& other, std::uint64_t value);
  // Whether begin() may be given `next`, the operation that is due; it is asked again when anything
  // of the device has moved, or look_again() says so. What waits here can be taken back by
  // abandon(). Default: true.
  virtual bool ready_for(const StreamOperation& next);
  // Gives one operation to the vendor, or runs it whole. After a failure it has no effect, and the
  // operations behind it still run.
  virtual Status begin(const StreamOperation& op) = 0;
  // Sends off all that was begun and sees to it that the waker is called when it has ended.
  // A failure means that the device is lost.
  virtual Status submit() = 0;
  virtual void poll(StreamProgress& progress) = 0;
  // How soon poll() is to be called even when nobody calls the waker: for vendors whose notice of
  // an end may stay away. Default: forever.
  virtual Nanos look_again() const noexcept;
};

}  // namespace troika
