#include "backends/sim/workers.h"

#include <algorithm>
#include <string>

namespace troika::sim {

SimWorkers::SimWorkers(World& world, const SimWorkersOptions& options)
    : world_{world},
      options_{options},
      rng_{world.rng_for("workers")},
      busy_(slots(), false),
      slot_lost_(slots(), false) {}

void SimWorkers::enqueue(Job& job) noexcept {
  waiting_.push_back(&job);
  wake();
}

void SimWorkers::wake() {
  const auto span = static_cast<std::uint64_t>(options_.wake_max.count());
  world_.after(Nanos{rng_.below(span + 1)}, [this] { run_one(); });
}

unsigned SimWorkers::free_slot() {
  std::vector<unsigned> free;
  for (unsigned slot = 0; slot < slots(); ++slot)
    if (!busy_[slot]) free.push_back(slot);
  // Spare slots stay unused as long as nobody has lent a place.
  const std::size_t usable = std::min<std::size_t>(free.size(), options_.workers - running_);
  return free[rng_.index(usable)];
}

void SimWorkers::run_one() {
  if (waiting_.empty() || running_ >= options_.workers) return;
  // "In about the order they were enqueued": one of the first few.
  const std::size_t among = world_.options().shuffle_ties ? 4 : 1;
  const auto at = static_cast<std::ptrdiff_t>(rng_.index(std::min(among, waiting_.size())));
  Job* const job = waiting_[static_cast<std::size_t>(at)];
  waiting_.erase(waiting_.begin() + at);

  const unsigned slot = free_slot();
  busy_[slot] = true;
  running_most_ = std::max(running_most_, ++running_);
  world_.ledger().note({world_.now(), Happening::job, slot, 0});
  world_.set_worker(slot);
  job->run(slot);
  world_.set_worker(World::nobody);
  // The place of a lost worker was given away when it said so.
  if (!slot_lost_[slot]) {
    busy_[slot] = false;
    --running_;
  }
  if (!waiting_.empty()) wake();
}

Status SimWorkers::lend(bool lost) {
  if (lent_ + lost_ >= options_.spares_max)
    return {Code::exhausted,
            "lend: all " + std::to_string(options_.spares_max) + " spare workers are in use"};
  if (lost) {
    ++lost_;
    slot_lost_[world_.worker()] = true;
  } else {
    ++lent_;
  }
  --running_;
  wake();
  return {};
}

void SimWorkers::reclaim() noexcept {
  --lent_;
  ++running_;
}

}  // namespace troika::sim
