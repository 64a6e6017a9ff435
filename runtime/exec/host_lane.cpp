#include "runtime/exec/host_lane.h"

#include <cassert>

#include "runtime/exec/host_lane_worker.h"

namespace troika {

HostLane::HostLane(WorkerPool& pool, HostLaneOptions options)
    : pool_{pool},
      options_{options},
      workers_max_{pool.workers()},
      workers_{new LaneWorker[pool.slots()]} {
  for (unsigned slot = 0; slot < pool.slots(); ++slot) workers_[slot].attach(*this, slot);
}

HostLane::~HostLane() {
  if (!closing_) close();
  closed_.wait();
}

Event& HostLane::close() noexcept {
  closing_ = true;
  if (word_.set(LaneWordView::closing).around() == 0) closed_.set();
  return closed_;
}

void HostLane::start(LaneRun& run, const LaneBody& body) noexcept {
  assert(run.remaining_.load(std::memory_order_relaxed) == 0 && "the run is busy");
  run.body_ = body;
  run.trouble_.store(0, std::memory_order_relaxed);
  run.remaining_.store(run.graph_->tasks() + 1, std::memory_order_relaxed);
  post(run, run.graph_->root());
}

void HostLane::complete(LaneRun& run, std::uint32_t task, bool failed) noexcept {
  switch (run.counts_[task].meet(failed)) {
    case LaneCount<>::Met::first: return;  // the worker that runs the body will find it complete
    case LaneCount<>::Met::done: return post(run, task);
    case LaneCount<>::Met::failed: return post(run, task | LaneMail<LaneRun>::failed);
  }
}

void HostLane::begin_block() noexcept {
  // One ticket in its place; should there be more work, who finds some offers the rest.
  invite(word_.leave(), 1);
}

void HostLane::run(unsigned worker) noexcept {
  LaneWorker& self = workers_[worker];
  self.enter();
  for (;;) {
    const LaneStep did = self.step();
    if (did == LaneStep::gone || did == LaneStep::yielded) return;
    if (self.has_ended_runs()) self.run_deferred();
  }
}

void HostLane::enter(unsigned worker) noexcept { workers_[worker].enter(); }

LaneStep HostLane::step(unsigned worker) noexcept { return workers_[worker].step(); }

const LaneWorker& HostLane::worker(unsigned worker) const noexcept { return workers_[worker]; }

void HostLane::post(LaneRun& run, std::uint32_t link) noexcept {
  // Once the mail is added a worker may take it and end the run, unless the run is still to be put
  // into the mailbox by us.
  if (run.mail_.add(link, run.counts_[link & ~LaneMail<LaneRun>::failed])) {
    mailbox_.add(run);
    invite(word_.set(LaneWordView::mail), 1);
  }
}

void HostLane::invite(LaneWordView seen, unsigned pieces) noexcept {
  while (pieces-- > 0 && seen.present() < workers_max_ && word_.invite(seen, workers_max_)) {
    pool_.enqueue(*this);
    seen = word_.peek();
  }
}

bool HostLane::has_items(std::uint64_t classes) const noexcept {
  for (unsigned slot = 0; slot < slots_used(); ++slot) {
    if (workers_[slot].has_items(classes)) return true;
  }
  return false;
}

}  // namespace troika
