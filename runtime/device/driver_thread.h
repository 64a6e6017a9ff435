// The one thread that calls a device's vendor interface, and reports what it completed.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "runtime/device/stream.h"
#include "runtime/device/waker.h"

namespace troika {

// One a device. Sleeps while no queue has anything to begin and no vendor has called back.
// Signals are left to the program's own threads.
class DriverThread {
 public:
  // Operations of one queue that may be unreached at once.
  static constexpr std::size_t capacity_default = 1024;

  static constexpr std::chrono::seconds patience{2};

  // `name` is shown by debuggers; the first 15 bytes count.
  explicit DriverThread(const std::string& name);
  // After its queues. Waits for a vendor call that is under way; but only for `patience` when a
  // queue was abandoned with work in flight, since such a call may never return. The thread is then
  // left to it, with all it uses.
  ~DriverThread();
  DriverThread(const DriverThread&) = delete;
  DriverThread& operator=(const DriverThread&) = delete;

  // Any thread. The queue's verbs feed `stream`; it is destroyed on the driver thread.
  std::unique_ptr<Queue> create_queue(QueueId id, std::unique_ptr<Stream> stream,
                                      QueueListener& listener,
                                      std::size_t capacity = capacity_default);

  // For a vendor's callback: makes the thread poll its streams.
  const std::shared_ptr<Waker>& waker() const noexcept;

 private:
  class State;
  class Verbs;
  std::shared_ptr<State> state_;
};

}  // namespace troika
