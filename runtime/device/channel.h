// The bounded ring between a queue's verbs and the driver thread.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

#include "runtime/device/stream.h"
#include "runtime/device/waker.h"

namespace troika {

// Operation `value` lies in slot (value - 1) % capacity until it is reached: a full ring is
// `capacity` operations that are not. The verbs' side is one thread at a time, the driver's side is
// the driver thread.
class Channel {
 public:
  // Queues of the same device whose points one operation can wait for.
  static constexpr std::size_t waits_max = 4;

  Channel(QueueId id, std::unique_ptr<Stream> stream, QueueListener& listener, std::size_t capacity,
          std::shared_ptr<Waker> waker);

  // The verbs' side. `write` fills in the operation. Code::exhausted when the ring is full,
  // Code::device_lost after abandon(); a timepoint of value 0 when there is nothing to do.
  template <class Write>
  Result<Timepoint> push(Write&& write) {
    TROIKA_ASSIGN(StreamOperation* const op, next_slot());
    write(*op);
    return enqueue(*op);
  }
  Status wait_for(std::shared_ptr<Channel> other, std::uint64_t value);
  void flush() noexcept;

  // Any thread. Returns when no on_advance is running; none follows. Nothing behind the value
  // returned reaches the stream.
  std::uint64_t abandon() noexcept;
  // The queue is being destroyed: as abandon(), and the driver thread forgets the channel.
  void close() noexcept;
  QueueId id() const noexcept { return id_; }
  std::uint64_t reached() const noexcept { return reached_.load(std::memory_order_acquire); }
  std::uint64_t enqueued() const noexcept { return enqueued_.load(std::memory_order_acquire); }
  std::size_t capacity() const noexcept { return slots_.size(); }
  bool closed() const noexcept { return closed_.load(std::memory_order_acquire); }
  bool abandoned() const noexcept { return abandoned_.load(std::memory_order_acquire); }

  // The driver's side. Begins what was flushed and reports what was reached; true when it moved.
  bool serve();
  // How soon serve() is to be called even when nobody calls the waker.
  Nanos look_again() const noexcept {
    return lost_ || abandoned() ? forever : stream_->look_again();
  }
  // Once closed: destroys the stream, which may call its vendor.
  void retire() noexcept { stream_.reset(); }

 private:
  struct Wait {
    std::shared_ptr<Channel> channel;
    std::uint64_t value = 0;
  };
  struct Slot {
    StreamOperation op;
    std::array<Wait, waits_max> waits;
    std::size_t wait_count = 0;
  };
  // An operation that the stream would not begin: over as soon as what was begun before it is.
  struct Refused {
    std::uint64_t value;
    std::uint64_t after;
    Status status;
  };

  Slot& slot(std::uint64_t value) noexcept { return slots_[(value - 1) % slots_.size()]; }
  Result<StreamOperation*> next_slot();
  Result<Timepoint> enqueue(StreamOperation& op);
  bool begin_flushed();
  bool waits_over(Slot& slot, bool& demanded);
  bool has_sent(std::uint64_t value) const noexcept;
  void collect();
  bool report();
  void advance(std::uint64_t value, const Status& status);
  void tell(const Advance& advance);
  void lose(const Status& why);

  const QueueId id_;
  std::unique_ptr<Stream> stream_;
  const std::shared_ptr<Waker> waker_;
  std::vector<Slot> slots_;

  // The verbs' side.
  std::array<Wait, waits_max> waits_;  // for the next operation
  std::size_t wait_count_ = 0;

  std::atomic<std::uint64_t> enqueued_{0};
  std::atomic<std::uint64_t> flushed_{0};  // may be begun; stored before flushes_ counts it
  std::atomic<std::uint64_t> flushes_{0};
  std::atomic<std::uint64_t> reached_{0};
  std::atomic<bool> abandoned_{false};
  std::atomic<bool> closed_{false};
  // Held around on_advance, so that abandon() can wait for its end; by the listener itself it may
  // be called too.
  std::recursive_mutex listening_;
  QueueListener* listener_;  // null once abandoned

  // The driver's side, but for begun_, which abandon() reads.
  std::atomic<std::uint64_t> begun_{0};  // given to the stream, or about to be
  std::uint64_t begun_well_ = 0;         // the last operation that the stream took
  std::uint64_t demanded_ = 0;           // another queue waits for it: begun without a flush
  std::uint64_t flushes_seen_ = 0;
  std::uint64_t owed_ = 0;  // the value whose report the latest flush is owed
  bool report_owed_ = false;
  bool lost_ = false;
  Status last_status_;  // of the operation at reached_
  StreamProgress progress_;
  std::vector<Refused> refused_;   // ascending
  std::vector<Failure> failures_;  // scratch of collect(), ascending
  std::uint64_t ended_ = 0;        // all up to here has ended, refused or not
};

}  // namespace troika
