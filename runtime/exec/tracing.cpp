#include "runtime/exec/tracing.h"

#include <algorithm>

namespace troika {

Tracing::Tracing(const TraceOptions& options)
    : trace_{options},
      runs_{options},
      recorder_{trace_.add_recorder()},
      collect_after_{std::max<std::size_t>(1, options.ring_events / 2)},
      why_names_{trace_.intern("the policy's choice"), trace_.intern("the only able device"),
                 trace_.intern("behind its predecessors in their queue"),
                 trace_.intern("for a first measurement there")} {}

void Tracing::add_queue(const QueueState& queue, const DeviceInfo& device, unsigned number) {
  const std::string what = queue.lane ? "lane " + std::to_string(number) : "copies";
  if (tracks_.size() <= queue.id.value) tracks_.resize(queue.id.value + 1);
  Tracks& added = tracks_[queue.id.value];
  if (queue.lane) added.tasks = trace_.add_track(device.name, what);
  added.moves = trace_.add_track(device.name, what + ": bytes");
}

TraceEvent Tracing::of_task(EventKind kind, const RunState& run, TaskIndex task,
                            const QueueState& on) {
  TraceEvent event;
  event.kind = kind;
  event.run = run.id;
  event.task = task;
  event.name = name_of_task(run, task);
  event.track = tracks_[on.id.value].tasks;
  return event;
}

void Tracing::placed(const RunState& run, TaskIndex task, const QueueState& on, Why why,
                     Nanos now) {
  TraceEvent event = of_task(EventKind::placement, run, task, on);
  event.begin = run.tasks[task.value].ready_at;
  event.end = now;
  event.reason = why_names_[static_cast<std::size_t>(why)];
  record(event);
}

void Tracing::candidate(const RunState& run, TaskIndex task, const QueueState& on, Nanos free_at,
                        const Prediction& predicted) {
  TraceEvent event = of_task(EventKind::candidate, run, task, on);
  event.begin = free_at;
  event.end = free_at + predicted.transfer + predicted.execution;
  event.predicted = predicted.execution;
  event.count = predicted.samples;
  record(event);
}

void Tracing::issued(const RunState& run, TaskIndex task, const QueueState& into, Nanos now) {
  TraceEvent event = of_task(EventKind::issue, run, task, into);
  event.begin = run.tasks[task.value].placed_at;
  event.end = now;
  record(event);
}

void Tracing::retired(const QueueState& from, const InFlight& operation, const Status& status,
                      const Interval* measured, Nanos now) {
  Tracks& tracks = tracks_[from.id.value];
  TraceEvent event;
  if (operation.kind == InFlight::Kind::task || operation.kind == InFlight::Kind::acquire) {
    event.run = operation.run->id;
    event.task = operation.task;
  }
  if (operation.kind == InFlight::Kind::task) {
    const TaskState& state = operation.run->tasks[operation.task.value];
    event.name = name_of_task(*operation.run, operation.task);
    event.track = tracks.tasks;
    event.predicted = state.predicted;
    event.begin = measured ? measured->begin : std::max(operation.enqueued, from.reached_at);
    event.end = measured ? measured->end : now;
    if (state.attempts != 0) event.kind = EventKind::retry;
  } else {
    event.track = tracks.moves;
    event.begin = std::min(now, std::max({operation.enqueued, from.reached_at, tracks.moves_end}));
    event.end = tracks.moves_end = now;
    event.bytes = operation.region.size();
    event.kind = operation.kind == InFlight::Kind::copy ? EventKind::copy : EventKind::hand_over;
    if (operation.kind == InFlight::Kind::acquire) {
      event.name = trace_.intern("take over");
      event.reason = name_of_task(*operation.run, operation.task);
    } else {
      event.name = trace_.intern(operation.kind != InFlight::Kind::copy ? "hand over"
                                 : operation.pinned                     ? "copy, pinned"
                                                                        : "copy");
      event.predicted = operation.predicted;
      event.reason = trace_.intern(operation.buffer->id
                                       ? "buffer " + std::to_string(operation.buffer->id.value)
                                       : std::string{"scratch"});
    }
  }
  if (!status.ok()) {
    event.kind = EventKind::failure;
    event.reason = trace_.intern(status.to_string());
  }
  record(event);
}

void Tracing::device_lost(const DeviceInfo& device, const Status& cause, Nanos now) {
  auto [track, added] = device_tracks_.try_emplace(device.name);
  if (added) track->second = trace_.add_track(device.name, "device");
  TraceEvent event;
  event.begin = event.end = now;
  event.kind = EventKind::failure;
  event.track = track->second;
  event.name = trace_.intern(device.name);
  event.reason = trace_.intern(cause.to_string());
  record(event);
}

void Tracing::record(const TraceEvent& event) {
  recorder_.record(event);
  recorded_elsewhere(1);
}

void Tracing::recorded_elsewhere(std::size_t events) {
  // Nobody else empties the rings before the trace is asked for.
  recorded_ += events;
  if (recorded_ < collect_after_) return;
  recorded_ = 0;
  trace_.collect();
}

NameId Tracing::name_of_task(const RunState& run, TaskIndex task) {
  const Operation* kernel = &run.plan->graph->operation(task);
  const auto [entry, added] = kernel_names_.try_emplace(kernel);
  if (added) entry->second = trace_.intern(kernel->name);
  return entry->second;
}

}  // namespace troika
