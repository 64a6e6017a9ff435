#include "backends/sim/block.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

namespace troika::sim {
namespace {

std::string range(std::size_t begin, std::size_t end) {
  return "bytes " + std::to_string(begin) + ".." + std::to_string(end);
}

bool changes(Touch touch) noexcept { return writes(touch) || touch == Touch::give; }

constexpr std::uint64_t bit(unsigned agent) noexcept { return 1ull << agent; }

}  // namespace

Touch touch_of(Access access) noexcept {
  switch (access) {
    case Access::read: return Touch::read;
    case Access::write: return Touch::write;
    case Access::update:
    case Access::commute: return Touch::update;
  }
  return Touch::update;
}

Block::Block(World& world, std::string name, std::size_t bytes, std::size_t alignment)
    : world_{world},
      name_{std::move(name)},
      bytes_{bytes},
      data_{static_cast<std::byte*>(
          ::operator new (std::max<std::size_t>(bytes, 1), std::align_val_t{alignment}))},
      alignment_{alignment},
      states_{bytes, State{}} {
  if (world.options().contents) std::memset(data_, std::to_integer<int>(poison), bytes);
}

Block::Block(World& world, std::string name, std::span<std::byte> host)
    : world_{world},
      name_{std::move(name)},
      bytes_{host.size()},
      data_{host.data()},
      alignment_{0},
      states_{host.size(), State{.origin = Origin::written, .seen_by = bit(0)}} {}

Block::~Block() {
  if (alignment_ != 0) ::operator delete (data_, std::align_val_t{alignment_});
}

void Block::violate(const Actor& actor, const std::string& what) const {
  world_.ledger().violate(actor.name + " at " + std::to_string(world_.now().count()) + " ns " +
                          what + " of " + name_);
}

FailureId Block::begin(const Actor& actor, const Rect& rect, Touch touch) {
  if (freed_) violate(actor, "uses freed memory: " + range(rect.offset, rect.end()));
  check_concurrent(actor, rect, touch);
  const FailureId taint = reads(touch) ? check_read(actor, rect) : no_failure;
  uses_.push_back({actor, rect, touch});
  return taint;
}

void Block::check_concurrent(const Actor& actor, const Rect& rect, Touch touch) {
  for (const Use& other : uses_) {
    if (other.actor.operation == actor.operation) continue;
    if (!changes(touch) && !changes(other.touch)) continue;
    if (!overlap(rect, other.rect)) continue;
    violate(actor, std::string{writes(touch) ? "writes" : "touches"} + " while " +
                       other.actor.name + (writes(other.touch) ? " writes " : " uses ") +
                       range(std::max(rect.offset, other.rect.offset),
                             std::min(rect.end(), other.rect.end())));
  }
}

FailureId Block::check_read(const Actor& actor, const Rect& rect) {
  FailureId taint = no_failure;
  bool unwritten = false, told = false, unseen = false;  // each told once for a use
  rect.for_each_row([&](std::size_t row_begin, std::size_t row_end) {
    states_.visit(row_begin, row_end, [&](std::size_t begin, std::size_t end, const State& state) {
      if (state.origin == Origin::unwritten) {
        if (!std::exchange(unwritten, true))
          violate(actor, "reads what nobody has written: " + range(begin, end));
        return;
      }
      if (state.origin == Origin::damaged) {
        taint = state.failure;
        if (world_.ledger().told_before(state.failure, actor.enqueued) &&
            !std::exchange(told, true))
          violate(actor, "reads what a failure it was told of has damaged: " + range(begin, end));
      }
      if ((state.seen_by & bit(actor.agent)) == 0 && !std::exchange(unseen, true))
        violate(actor, "reads what agent " + std::to_string(state.writer) +
                           " wrote and nobody handed over: " + range(begin, end));
    });
  });
  return taint;
}

void Block::end(const Actor& actor, const Rect& rect, Touch touch, FailureId failure) {
  std::erase_if(uses_, [&](const Use& use) { return use.actor.operation == actor.operation; });
  if (!writes(touch)) return;
  State after;
  after.origin = failure == no_failure ? Origin::written : Origin::damaged;
  after.failure = failure;
  after.writer = actor.agent;
  after.published = actor.agent == 0;
  after.seen_by = bit(actor.agent);
  rect.for_each_row([&](std::size_t begin, std::size_t end) {
    states_.change(begin, end, [&](State& state) { state = after; });
  });
}

void Block::hand_over(const Actor& actor, const Rect& rect, bool towards_host) {
  rect.for_each_row([&](std::size_t begin, std::size_t end) {
    states_.change(begin, end, [&](State& state) {
      if (towards_host && state.writer == actor.agent) {
        state.published = true;
        state.seen_by |= bit(0);
      }
      if (!towards_host && state.published) state.seen_by |= bit(actor.agent);
    });
  });
}

void Block::damage(const Rect& rect, FailureId failure) {
  State after;
  after.origin = Origin::damaged;
  after.failure = failure;
  rect.for_each_row([&](std::size_t begin, std::size_t end) {
    if (world_.options().contents)
      std::memset(data_ + begin, std::to_integer<int>(garbage), end - begin);
    states_.change(begin, end, [&](State& state) { state = after; });
  });
}

void Block::lose_agent(unsigned agent, FailureId failure) {
  std::vector<Rect> gone;
  states_.visit(0, bytes_, [&](std::size_t begin, std::size_t end, const State& state) {
    if (state.writer == agent && !state.published) gone.push_back({begin, end - begin, 1, 0});
  });
  for (const Rect& rect : gone) damage(rect, failure);
}

void Block::free(const std::string& by) {
  freed_ = true;
  if (!attached_.empty())
    world_.ledger().violate(by + " frees " + name_ + ", which another device is attached to");
  for (const Use& use : uses_)
    world_.ledger().violate(by + " frees " + name_ + ", which " + use.actor.name + " still uses");
}

}  // namespace troika::sim
