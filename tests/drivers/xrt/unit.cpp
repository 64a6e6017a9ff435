#include "tests/drivers/xrt/unit.h"

#include <cstdio>

#include <ert.h>

namespace xrt_model {

void set_state(const Command& command, unsigned state) noexcept {
  constexpr std::uint32_t mask = 0xf;
  auto& word = *reinterpret_cast<std::uint32_t*>(command.packet->host->first());
  const std::atomic_ref<std::uint32_t> header{word};
  header.store((header.load(std::memory_order_relaxed) & ~mask) | state, std::memory_order_release);
}

class Unit::Run final : public Call {
 public:
  Run(Unit& unit, const Command& command) noexcept : unit_{unit}, command_{command} {}

  std::uint32_t word(std::uint32_t offset) const noexcept override {
    return offset / 4 < command_.words.size() ? command_.words[offset / 4] : 0;
  }

  std::byte* memory(unsigned argument, std::uint64_t address, std::size_t bytes) override {
    int bank = -1;
    std::byte* const at = unit_.buffers_.at(address, bytes, bank);
    if (!at)
      throw UnitError{"no buffer lies at the address of argument " + std::to_string(argument)};
    if (!unit_.image_.wiring.contains({argument, bank}))
      throw UnitError{"argument " + std::to_string(argument) + " is not wired to bank " +
                      std::to_string(bank)};
    return at;
  }

  bool is_reset() const noexcept override { return unit_.reset_.load(std::memory_order_relaxed); }

 private:
  Unit& unit_;
  const Command& command_;
};

Unit::Unit(UnitImage image, const Buffers& buffers, Ended ended)
    : image_{std::move(image)}, buffers_{buffers}, ended_{std::move(ended)}, thread_{[this] {
        work();
      }} {}

Unit::~Unit() {
  {
    const std::scoped_lock lock{mutex_};
    stopping_ = true;
    reset_.store(true, std::memory_order_relaxed);
  }
  changed_.notify_all();
  thread_.join();
}

void Unit::submit(Command command) {
  ++submitted_;
  {
    const std::scoped_lock lock{mutex_};
    queue_.push_back(std::move(command));
  }
  changed_.notify_all();
}

bool Unit::take_back(unsigned handle, Command& taken) {
  const std::scoped_lock lock{mutex_};
  for (auto queued = queue_.begin(); queued != queue_.end(); ++queued) {
    if (queued->handle != handle) continue;
    taken = std::move(*queued);
    queue_.erase(queued);
    return true;
  }
  return false;
}

void Unit::work() {
  for (;;) {
    Command command;
    {
      std::unique_lock lock{mutex_};
      changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      if (stopping_) return;
      command = std::move(queue_.front());
      queue_.pop_front();
    }
    set_state(command, ERT_CMD_STATE_RUNNING);
    if (command.hangs) {
      std::unique_lock lock{mutex_};
      changed_.wait(lock, [this] { return stopping_; });
      return;
    }
    ended_(command, run(command));
  }
}

// A model that returns late, because its card was closed, may have done anything.
unsigned Unit::run(const Command& command) {
  if (command.fails || !image_.model) return ERT_CMD_STATE_ERROR;
  Run call{*this, command};
  try {
    image_.model(call);
  } catch (const UnitError& error) {
    std::fprintf(stderr, "XRT device model: %s: %s\n", image_.name.c_str(), error.what());
    return ERT_CMD_STATE_ERROR;
  }
  return ERT_CMD_STATE_COMPLETED;
}

}  // namespace xrt_model
