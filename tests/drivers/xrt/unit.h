// One compute unit: a thread that takes runs in order.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "tests/drivers/xrt/buffers.h"
#include "tests/drivers/xrt/image.h"

namespace xrt_model {

// A command that was submitted: the packet in its buffer, and a copy of what it asks for.
struct Command {
  std::shared_ptr<BufferObject> packet;
  unsigned handle = 0;  // of the packet's buffer
  std::vector<std::uint32_t> words;
  bool hangs = false, fails = false;
};

class Unit {
 public:
  // `ended` hears each command and its state, an ert_cmd_state, on the unit's thread.
  using Ended = std::function<void(const Command&, unsigned state)>;

  Unit(UnitImage image, const Buffers& buffers, Ended ended);
  // Ends what runs; what was queued never begins.
  ~Unit();
  Unit(const Unit&) = delete;
  Unit& operator=(const Unit&) = delete;

  void submit(Command command);
  // False when it has begun, or is not here.
  bool take_back(unsigned handle, Command& taken);
  std::uint64_t submitted() const noexcept { return submitted_; }

 private:
  class Run;

  void work();
  unsigned run(const Command& command);

  const UnitImage image_;
  const Buffers& buffers_;
  const Ended ended_;
  std::uint64_t submitted_ = 0;  // the card's lock protects it
  std::mutex mutex_;             // protects the next three
  std::deque<Command> queue_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::atomic<bool> reset_{false};
  std::thread thread_;
};

// The state in a packet's first word, which the host polls.
void set_state(const Command& command, unsigned state) noexcept;

}  // namespace xrt_model
