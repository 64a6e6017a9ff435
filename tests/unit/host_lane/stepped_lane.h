// A host lane whose workers are moved one step at a time, in an order drawn from a seed.
#pragma once

#include <random>
#include <vector>

#include "runtime/exec/host_lane.h"

namespace troika::testing {

// Keeps tickets until the driver lets a free slot take one.
class TicketPool final : public WorkerPool {
 public:
  explicit TicketPool(unsigned workers) : workers_{workers} {}
  unsigned workers() const noexcept override { return workers_; }
  unsigned slots() const noexcept override { return workers_; }
  void enqueue(Job& job) noexcept override {
    static_cast<void>(job);
    ++tickets;
  }
  Status lend(bool) override { return Status{Code::exhausted, "no spares"}; }
  void reclaim() noexcept override {}
  bool is_worker() const noexcept override { return true; }

  unsigned tickets = 0;

 private:
  unsigned workers_;
};

class SteppedLane {
 public:
  SteppedLane(unsigned workers, std::uint64_t seed, HostLaneOptions options)
      : pool{workers}, lane{pool, options}, random{seed}, inside(workers, false) {}

  // Moves one worker, or lets a ticket in, at random. False when nothing is left to be moved.
  bool move() {
    std::vector<unsigned> able;
    for (unsigned slot = 0; slot < inside.size(); ++slot) {
      if (inside[slot] || pool.tickets != 0) able.push_back(slot);
    }
    if (able.empty()) return false;
    const unsigned slot = able[random() % able.size()];
    if (!inside[slot]) {
      --pool.tickets;
      inside[slot] = true;
      lane.enter(slot);
      return true;
    }
    last = lane.step(slot);
    if (last == LaneStep::gone || last == LaneStep::yielded) inside[slot] = false;
    return true;
  }

  TicketPool pool;
  HostLane lane;
  std::mt19937_64 random;
  std::vector<bool> inside;
  LaneStep last = LaneStep::gone;
};

}  // namespace troika::testing
