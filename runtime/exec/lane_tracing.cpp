#include "runtime/exec/lane_tracing.h"

#include <utility>

#include "runtime/exec/lane_execution.h"

namespace troika {

LaneTracing::LaneTracing(Trace& trace, Environment& environment, std::string group, unsigned slots)
    : trace_{trace},
      environment_{environment},
      group_{std::move(group)},
      workers_{new Worker[slots]} {}

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
  const Nanos last_end = at(index).last_end;
  return last_end != Nanos{0} ? last_end : environment_.now();
}

void LaneTracing::record_task(unsigned index, RunId run, TaskIndex task, NameId kernel,
                              Nanos begin) {
  Worker& worker = at(index);
  TraceEvent event;
  event.begin = begin;
  event.end = worker.last_end = environment_.now();
  event.run = run;
  event.name = kernel;
  event.task = task;
  event.track = worker.track;
  worker.recorder->record(event);
}

LaneTracing::Worker& LaneTracing::at(unsigned index) {
  Worker& worker = workers_[index];
  if (worker.recorder == nullptr) {
    worker.recorder = &trace_.add_recorder();
    worker.track = trace_.add_track(group_, "worker " + std::to_string(index));
  }
  return worker;
}

}  // namespace troika
