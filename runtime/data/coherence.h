// Which replica of a buffer's bytes is the truth, who may see it, and what has to happen before a
// task may touch it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "runtime/base/status.h"
#include "runtime/data/grid.h"
#include "runtime/device/kernel.h"
#include "runtime/device/timeline.h"

namespace troika {

// One who sees the bytes of a space in its own way, as a bit. Devices that need no hand-over share
// `common` with the host's own threads; each other device is an agent of its own.
using AgentMask = std::uint64_t;
inline constexpr AgentMask common_agent = AgentMask{1} << 63;

// One bit a space.
using SpaceMask = std::uint64_t;

// Something to be done before a task can run.
struct Move {
  enum class Kind : std::uint8_t {
    copy,     // bring `region` from `from` into the wanted space
    release,  // hand `region` over towards the host, by the device of agent `holder`
    acquire   // hand `region` over towards the wanting device, by its own queue
  };
  Kind kind;
  Region region;
  SpaceId space;         // copied from, or where the hand-over happens
  AgentMask holder = 0;  // release: who gives the bytes up
  bool will_write = false;
};

// Pure bookkeeping for one buffer; the strand owns it. A write is pending from begin_write() until
// commit(), fail() or take_back(); while it is, a reader that was ordered behind it may be issued.
class Coherence {
 public:
  explicit Coherence(std::size_t bytes);

  // The bytes exist in `space` already: adopted host memory.
  void set_initial(SpaceId space);
  void refine(std::span<const Region> regions);
  void refine(const Region& region) { refine({&region, 1}); }
  // Views of one buffer that have gaps are told apart exactly only when their pitch is one.
  bool takes(std::size_t pitch) const noexcept { return grid_.takes(pitch); }

  struct Want {
    Region region;
    Access access;
    SpaceId space;
    AgentMask agent;
    SpaceMask direct = 0;  // spaces that have a link into `space`; sources among them are preferred
  };
  // The cause when bytes to be read are lost.
  Status readable(const Region& region) const;
  // The next step still missing for each part of `want`; another call after it was begun may find
  // a further one. Copies come from any space that holds the current version.
  void missing(const Want& want, std::vector<Move>& moves) const;
  std::size_t missing_bytes(const Region& region, Access access, SpaceId space) const noexcept;
  // What must be reached before the wanting task runs: copies and writes into its replica, and, if
  // it writes, those who still read it.
  void waits(const Want& want, Frontier& into) const;
  // What must be reached before `region` can be copied from a space, or into one.
  void waits_to_copy_from(const Region& region, SpaceId from, Frontier& into) const;
  void waits_to_overwrite(const Region& region, SpaceId space, Frontier& into) const;

  void begin_copy(const Region& region, SpaceId from, SpaceId to, AgentMask visible,
                  Timepoint done);
  void copy_failed(const Region& region, SpaceId to, Timepoint done);
  void released(const Region& region, SpaceId space, AgentMask holder, bool will_write,
                Timepoint done);
  // It did not come to that: the bytes are still the holder's alone.
  void release_failed(const Region& region, SpaceId space, AgentMask holder, Timepoint done);
  void acquired(const Region& region, SpaceId space, AgentMask agent, bool will_write,
                Timepoint done);
  // It never began: the bytes are where the host sees them, as before every hand-over to a device.
  void acquire_taken_back(const Region& region, SpaceId space, Timepoint done);
  void begin_read(const Region& region, SpaceId space, Timepoint done);
  void begin_write(const Region& region, SpaceId space, AgentMask agent, Timepoint done);

  // The write that began first, of those pending, has ended. A failed one makes the version before
  // it current again where a replica of that is intact, else poisons the segment with `cause`.
  void commit(const Region& region);
  void fail(const Region& region, const Status& cause);
  // The write that began last, of those pending, never did: all is as it was before it. `cause`
  // counts where an earlier one has failed, or what was there before has been lost meanwhile.
  void take_back(const Region& region, const Status& cause);
  void poison(const Region& region, const Status& cause);

  // The space is lost: its replicas are gone; bytes that existed nowhere else are poisoned.
  void lose(SpaceId space, const Status& cause);
  // The device of `agent` is lost: what it never handed over is gone.
  void lose_agent(AgentMask agent, const Status& cause);
  // The replica in `space` is about to be freed; something else holds all it held, or it is dropped
  // on purpose.
  void drop(SpaceId space);
  // Whatever the buffer held is of no account any more; nothing is pending.
  void forget_contents();
  // Regions whose current version only `space` holds.
  void sole(SpaceId space, std::vector<Region>& regions) const;
  // Regions whose current version in `space` only the agent sees.
  void held(SpaceId space, AgentMask agent, std::vector<Region>& regions) const;
  // All that still uses the replica in `space`.
  void users(SpaceId space, Frontier& into) const;
  bool any_pending() const;
  // Forgets the points for which `reached(point)` holds.
  template <class Reached>
  void prune(Reached&& reached);

 private:
  struct Replica {
    SpaceId space;
    std::uint64_t version = 0;  // 0: nothing valid
    Timepoint ready;
    Frontier readers;
    AgentMask visible = 0;
  };
  struct Cell {
    std::uint64_t committed = 0;  // version of the last write that ended well; 0: never written
    std::uint64_t latest = 0;     // version of the last write issued
    std::uint32_t pending = 0;    // writes issued and not ended
    bool broken = false;          // one of them has failed
    Status poison;                // why the version `poisoned` cannot be read
    std::uint64_t poisoned = 0;
    std::vector<Replica> replicas;
    std::vector<Replica> replaced;  // by the pending writes, the last `pending` entries

    const Replica* find(SpaceId space) const noexcept;
    Replica& at(SpaceId space);
    bool valid_in(SpaceId space) const noexcept;
    bool is_poisoned() const noexcept { return !poison.ok() && poisoned == latest; }
    // Each replica, and each that a pending write has replaced and take_back() would restore.
    template <class Visit>
    void each_state(Visit&& visit) {
      for (Replica& replica : replicas) visit(replica);
      for (Replica& replica : replaced) visit(replica);
    }
    void empty(SpaceId space);
    void write_is_over();
    void go_back_to(std::uint64_t version);
    void settle(const Status& cause);
  };
  enum class Action : std::uint8_t { none, copy, release, acquire };
  struct Step {
    Action action = Action::none;
    SpaceId space;
    AgentMask holder = 0;
    bool will_write = false;
    friend bool operator==(const Step&, const Step&) = default;
  };
  Step step(const Cell& cell, const Want& want, bool exact) const;

  template <class Visit>
  void each(const Region& region, Visit&& visit);
  template <class Visit>
  void each(const Region& region, Visit&& visit) const;
  template <class Which>
  void collect(Which&& which, std::vector<Region>& regions) const;
  template <class Value, class Of, class Emit>
  void merged(const Grid::Cells& cells, Of&& of, Emit&& emit) const;

  Grid grid_;
  std::vector<Cell> cells_;
};

template <class Reached>
void Coherence::prune(Reached&& reached) {
  for (Cell& cell : cells_)
    for (Replica& replica : cell.replicas) replica.readers.prune(reached);
}

}  // namespace troika
