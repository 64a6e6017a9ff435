// The host's worker threads: tickets in a oneTBB arena, with spare threads behind them.
#pragma once

#include <memory>

#include "runtime/base/time.h"
#include "runtime/device/worker_pool.h"

namespace troika::host {

struct WorkersOptions {
  unsigned workers = 0;      // 0: as many as the process may use CPUs
  unsigned spares_max = 64;  // threads that stand in for workers that block, are lost or never came
  // How long the constructor waits for all of oneTBB's threads to come.
  Nanos muster_patience = std::chrono::milliseconds{500};
  // How long queued jobs may go untouched, though fewer run than may, before a spare stands in.
  Nanos watch_patience = std::chrono::milliseconds{10};
};

// oneTBB owns the workers, so that a job may call tbb::parallel_for and idle workers help; jobs
// reach them as tickets by task_arena::enqueue, which no nested wait picks up. It is not trusted to
// supply them: it starts one thread fewer than there are CPUs unless told otherwise, and another
// library in the process may have lowered its limit. So this pool holds a limit of workers + 1 for
// life, counts the threads that come, and lets spare threads stand in for the others.
//
// Workers are not pinned to CPUs: they share them with CPU-resident OpenCL devices, driver threads,
// spares and other users of oneTBB, and a pinned worker would wait behind one of those while
// another CPU idles.
//
// The destructor waits for all queued and running jobs, except those given up as lost.
class Workers final : public WorkerPool {
 public:
  explicit Workers(const WorkersOptions& options = {});
  ~Workers() override;
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  unsigned workers() const noexcept override;
  unsigned slots() const noexcept override;
  void enqueue(Job& job) noexcept override;
  // `lost` false: by a worker, paired with its reclaim(). `lost` true: by any thread, for some job
  // that never returns; if it does after all, it calls reclaim().
  Status lend(bool lost) override;
  void reclaim() noexcept override;
  bool is_worker() const noexcept override;
  bool defer(Job& job) noexcept override;
  void run_deferred(unsigned worker) noexcept override;
  // As many threads at once as there are workers.
  bool join() noexcept override;
  void leave() noexcept override;

  // How many of oneTBB's threads have been here at the same time, at most workers().
  unsigned workers_seen() const noexcept;
  // Spare threads that stand in for threads of oneTBB's that did not come.
  unsigned standing_in() const noexcept;

 private:
  class Arena;
  class State;
  // Its threads hold it too: a lost job may come back when the pool is gone.
  std::shared_ptr<State> state_;
  std::unique_ptr<Arena> arena_;
};

}  // namespace troika::host
