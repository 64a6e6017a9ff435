// The bytes of one allocation, and the checks on everyone who touches them.
#pragma once

#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "backends/sim/range_map.h"
#include "backends/sim/rect.h"
#include "backends/sim/world.h"
#include "runtime/device/kernel.h"

namespace troika::sim {

// Who touches: the host and every coherent device are agent 0, the others have a number each.
struct Actor {
  std::string name;  // "gpu0 queue 3 op 17 (saxpy)"
  unsigned agent = 0;
  std::uint64_t operation = 0;  // uses of one operation do not conflict with one another
  std::uint64_t enqueued = 0;   // the ledger's moment at which it was asked for
};

enum class Touch : std::uint8_t {
  read,
  write,   // overwrites all of it
  update,  // reads and writes
  lend,    // a hand-over after which the receiver only reads
  give,    // a hand-over after which it writes too
};
constexpr bool reads(Touch touch) noexcept {
  return touch == Touch::read || touch == Touch::update;
}
constexpr bool writes(Touch touch) noexcept {
  return touch == Touch::write || touch == Touch::update;
}
Touch touch_of(Access access) noexcept;

class Block {
 public:
  static constexpr std::byte poison{0xCB};   // of fresh memory
  static constexpr std::byte garbage{0xDB};  // of damaged memory

  // Fresh memory, never written.
  Block(World& world, std::string name, std::size_t bytes, std::size_t alignment);
  // The host's own pages, taken as written by the host.
  Block(World& world, std::string name, std::span<std::byte> host);
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;
  ~Block();

  std::byte* data() const noexcept { return data_; }
  std::size_t bytes() const noexcept { return bytes_; }
  const std::string& name() const noexcept { return name_; }

  // Reports every rule that this use breaks. Returns the failure whose damage it reads, if any.
  FailureId begin(const Actor& actor, const Rect& rect, Touch touch);
  // Written bytes count as written by the actor, or as damaged by `failure`.
  void end(const Actor& actor, const Rect& rect, Touch touch, FailureId failure);
  // What `towards` was handed over: seen by the host, or by the actor's device.
  void hand_over(const Actor& actor, const Rect& rect, bool towards_host);
  // Fills with garbage.
  void damage(const Rect& rect, FailureId failure);
  // The agent is gone, and with it what it wrote and never handed over.
  void lose_agent(unsigned agent, FailureId failure);
  // The owner frees it. `by`: "gpu0".
  void free(const std::string& by);
  // Handles of other devices; false when `device` has one already.
  bool attach(const void* device) { return attached_.insert(device).second; }
  void detach(const void* device) noexcept { attached_.erase(device); }

 private:
  enum class Origin : std::uint8_t { unwritten, written, damaged };
  struct State {
    Origin origin = Origin::unwritten;
    FailureId failure = no_failure;
    unsigned writer = 0;
    bool published = true;          // the writer has handed it over to the host
    std::uint64_t seen_by = ~0ull;  // agents that may read it
    friend bool operator==(const State&, const State&) = default;
  };
  struct Use {
    Actor actor;
    Rect rect;
    Touch touch;
  };

  void check_concurrent(const Actor& actor, const Rect& rect, Touch touch);
  FailureId check_read(const Actor& actor, const Rect& rect);
  void violate(const Actor& actor, const std::string& what) const;

  World& world_;
  std::string name_;
  std::size_t bytes_;
  std::byte* data_;
  std::size_t alignment_;  // 0: the pages are not ours
  RangeMap<State> states_;
  std::vector<Use> uses_;           // by operations that have begun and not ended
  std::set<const void*> attached_;  // devices
  bool freed_ = false;
};

}  // namespace troika::sim
