#include "runtime/exec/lane_tracing.h"

#include <algorithm>
#include <utility>

#include "runtime/exec/lane_execution.h"

namespace troika {
namespace {

// The clock between two looks at the counter; again when the thread was away meanwhile.
CycleMark mark_now(const Environment& environment) noexcept {
  constexpr int attempts = 3;
  constexpr std::uint64_t short_enough = 10'000;
  CycleMark best;
  std::uint64_t shortest = ~std::uint64_t{0};
  for (int i = 0; i < attempts && shortest > short_enough; ++i) {
    const std::uint64_t before = cycles();
    const Nanos time = environment.now();
    const std::uint64_t took = cycles() - before;
    if (took < shortest) {
      shortest = took;
      best = {time, before + took / 2};
    }
  }
  return best;
}

}  // namespace

LaneTracing::LaneTracing(Trace& trace, Environment& environment, std::string group, unsigned slots)
    : trace_{trace},
      environment_{environment},
      group_{std::move(group)},
      workers_{new Worker[slots]},
      counts_cycles_{environment.real_time() && has_cycle_clock()},
      origin_{mark_now(environment)} {}

// Zero while nothing is recorded: then no clock is read.
Nanos LaneTracing::now(void* self) noexcept {
  auto& tracing = *static_cast<LaneTracing*>(self);
  return tracing.trace_.level() == TraceLevel::off ? Nanos{0} : tracing.environment_.now();
}

void LaneTracing::record(void* self, const LaneBurst& burst) noexcept {
  auto& tracing = *static_cast<LaneTracing*>(self);
  // A burst that began while the trace was off has no beginning.
  if (burst.begin == Nanos{0} || burst.end == Nanos{0}) return;
  Worker& worker = tracing.at(burst.worker);
  TraceEvent event;
  event.kind = EventKind::burst;
  event.begin = burst.begin;
  event.end = burst.end;
  event.run = static_cast<LaneExecution*>(burst.run_state)->note_event();
  event.task = TaskIndex{burst.first_task};
  event.last_task = TaskIndex{burst.last_task};
  event.count = burst.count;
  event.track = worker.track;
  worker.recorder->record(event);
  worker.last_end = Nanos{0};
}

Nanos LaneTracing::beginning(unsigned index) {
  Worker& worker = at(index);
  if (worker.last_end == Nanos{0}) worker.last_end = mark(worker);
  return worker.last_end;
}

void LaneTracing::record_task(unsigned index, TaskRecord task) {
  Worker& worker = workers_[index];
  worker.last_end = time(worker);
  // Not through memory that was written just now: reading it back would wait for that.
  worker.tasks->record({task.begin, worker.last_end, task.run, task.name, task.task});
}

Nanos LaneTracing::mark(Worker& worker) {
  worker.mark = mark_now(environment_);
  worker.nanos_per_cycle = counts_cycles_ ? nanos_per_cycle(origin_, worker.mark) : 0;
  return worker.mark.time;
}

Nanos LaneTracing::time(Worker& worker) {
  // So that what the length of a cycle is wrong by never adds up to more than some nanoseconds.
  constexpr std::uint64_t cycles_max = 1 << 22;
  const std::uint64_t now = cycles();
  const bool counted = worker.nanos_per_cycle != 0 && now - worker.mark.cycles <= cycles_max;
  const Nanos time = counted ? time_at(worker.mark, worker.nanos_per_cycle, now) : mark(worker);
  // No task takes no time: those of a worker are in the order of their beginnings.
  return std::max(time, worker.last_end + Nanos{1});
}

LaneTracing::Worker& LaneTracing::at(unsigned index) {
  Worker& worker = workers_[index];
  if (worker.recorder == nullptr) {
    worker.recorder = &trace_.add_recorder();
    worker.track = trace_.add_track(group_, "worker " + std::to_string(index));
    worker.tasks.emplace(trace_, worker.track);
  }
  return worker;
}

}  // namespace troika
