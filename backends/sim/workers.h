// The world's worker pool: jobs run as events, one after the other, in an order the seed chooses.
#pragma once

#include <deque>
#include <vector>

#include "backends/sim/world.h"
#include "runtime/device/worker_pool.h"

namespace troika::sim {

struct SimWorkersOptions {
  unsigned workers = 2;
  unsigned spares_max = 8;  // lend() beyond it fails with Code::exhausted
  Nanos wake_max{0};        // a job may begin so much after it was enqueued
};

// A job takes no time of the world's, but may wait in it (World::wait): it then holds its place
// until it ends, or lends it. Outlived by the world.
class SimWorkers final : public WorkerPool {
 public:
  SimWorkers(World& world, const SimWorkersOptions& options);

  unsigned workers() const noexcept override { return options_.workers; }
  unsigned slots() const noexcept override { return options_.workers + options_.spares_max; }
  void enqueue(Job& job) noexcept override;
  Status lend(bool lost) override;
  void reclaim() noexcept override;
  bool is_worker() const noexcept override { return world_.worker() != World::nobody; }

  unsigned running_most() const noexcept { return running_most_; }
  unsigned lost() const noexcept { return lost_; }

 private:
  void wake();
  void run_one();
  unsigned free_slot();

  World& world_;
  const SimWorkersOptions options_;
  Rng rng_;
  std::deque<Job*> waiting_;
  std::vector<bool> busy_;       // by slot
  std::vector<bool> slot_lost_;  // by slot: never used again
  unsigned running_ = 0;         // jobs that hold a place
  unsigned lent_ = 0;            // jobs that have lent theirs
  unsigned lost_ = 0;            // places that will never be given back
  unsigned running_most_ = 0;
};

}  // namespace troika::sim
