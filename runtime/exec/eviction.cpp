// Which bytes make room for a task's: those that are needed again last.
#include <algorithm>
#include <limits>

#include "runtime/exec/executor.h"
#include "runtime/exec/use_order.h"

namespace troika {
namespace {

constexpr std::uint32_t never = std::numeric_limits<std::uint32_t>::max();

bool is_ahead(const TaskState& task) noexcept { return task.stage < TaskState::Stage::issued; }

}  // namespace

// How many of a run's tasks are likely to go before the one that needs the buffer next; the least
// over the runs under way. The placed tasks hold what they need, so this is about those behind
// them.
void Executor::foresee_uses() {
  for (BufferState* victim : shortage_.victims) victim->next_use = never;
  for (const std::shared_ptr<RunState>& run : runs_) {
    if (!run || run->complete || run->is_access) continue;
    PlanState& plan = *run->plan;
    if (!plan.uses) plan.uses = std::make_shared<const UseOrder>(plan);
    const auto done = static_cast<std::uint32_t>(run->tasks.size()) - run->unfinished;
    for (std::size_t slot = 0; slot < run->buffers.size(); ++slot) {
      std::uint32_t& next = run->buffers[slot]->next_use;
      for (const UseOrder::Use& use : plan.uses->of(slot)) {
        if (!is_ahead(run->tasks[use.task.value])) continue;
        next = std::min(next, use.position > done ? use.position - done : 0);
        break;
      }
    }
  }
  // Those that nobody foresees a use of stay in the order in which they were used last.
  std::stable_sort(
      shortage_.victims.begin(), shortage_.victims.end(),
      [](const BufferState* a, const BufferState* b) { return a->next_use > b->next_use; });
}

// Evicts one of the victims (true), or starts writing back what makes evicting them impossible.
bool Executor::make_room(SpaceId space) {
  foresee_uses();
  std::size_t coming = 0;
  std::vector<Region> alone;
  for (BufferState* victim : shortage_.victims) {
    if (coming >= shortage_.bytes && coming > 0) return false;
    alone.clear();
    // What may never be read again is not brought home, where a hung device may be writing.
    if (victim->dead.ok()) victim->coherence.sole(space, alone);
    if (alone.empty()) {
      const bool unused =
          all_reached([&](Frontier& users) { victim->coherence.users(space, users); });
      if (unused) {
        store_.evict(*victim, space);
        counters_.evictions += 1;
        return true;
      }
      coming += victim->bytes;
    } else if (space != host_space) {
      if (!store_.ensure(*victim, host_space, victim->home(space)->tenant).ok()) continue;
      bool started = true;
      for (const Region& region : alone)
        started = start_copy(*victim, region, space, host_space) && started;
      if (!started) continue;
      counters_.write_backs += 1;
      coming += victim->bytes;
    }
  }
  return false;
}

}  // namespace troika
