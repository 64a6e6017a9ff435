#include "backends/host/workers.h"

#include "backends/host/arena.h"
#include "backends/host/topology.h"
#include "backends/host/worker_state.h"

namespace troika::host {
namespace {

unsigned workers_of(const WorkersOptions& options) {
  if (options.workers > 0) return options.workers;
  return usable_workers(read_topology(), read_cgroup_limits());
}

}  // namespace

Workers::Workers(const WorkersOptions& options)
    : state_{std::make_shared<State>(workers_of(options), options)},
      arena_{std::make_unique<Arena>(*state_)} {
  state_->start(*arena_, options.muster_patience);
}

Workers::~Workers() {
  state_->stop();
  arena_.reset();
  state_->arena_is_gone();
}

unsigned Workers::workers() const noexcept { return state_->workers(); }
unsigned Workers::slots() const noexcept { return state_->slots(); }
void Workers::enqueue(Job& job) noexcept { state_->enqueue(job); }
Status Workers::lend(bool lost) { return state_->lend(lost); }
void Workers::reclaim() noexcept { state_->reclaim(); }
bool Workers::is_worker() const noexcept { return state_->is_worker(); }
bool Workers::defer(Job& job) noexcept { return state_->defer(job); }
void Workers::run_deferred(unsigned worker) noexcept { state_->run_deferred(worker); }
bool Workers::join() noexcept { return state_->join(); }
void Workers::leave() noexcept { state_->part(); }
unsigned Workers::workers_seen() const noexcept { return state_->workers_seen(); }
unsigned Workers::standing_in() const noexcept { return state_->standing_in(); }

}  // namespace troika::host
