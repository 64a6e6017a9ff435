// One thing that happened, as the trace keeps it: sixty-four bytes that own nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "runtime/base/ids.h"
#include "runtime/base/time.h"

namespace troika {

using NameId = Id<struct NameTag>;                   // a text that a Trace keeps
using TrackId = Id<struct TrackTag, std::uint16_t>;  // a line of the timeline: a lane, a queue

enum class EventKind : std::uint8_t {
  task,       // one kernel call
  copy,       // bytes moved between spaces
  hand_over,  // bytes made visible within a space; none moved
  fill,
  load,     // an image loaded or prepared on a device
  retry,    // a task given to another device, or again to the same
  burst,    // many tasks of one plan, run in a row by one worker
  failure,  // a task, copy or device that failed
  // What was decided of a task, on the track of the lane it is about.
  placement,  // bound to a lane; begins when the task was ready
  candidate,  // a device that could have taken it: when it would have begun and ended there
  issue,      // given to the lane's queue; begins when the task was placed
};
inline constexpr std::size_t event_kinds = 11;
const char* name_of(EventKind kind) noexcept;
// Whether it tells of a decision rather than of something that took a device's time.
constexpr bool is_decision(EventKind kind) noexcept { return kind >= EventKind::placement; }

// Fields that a kind has no use for keep their defaults.
struct TraceEvent {
  Nanos begin{0}, end{0};   // on the environment's clock; equal: at once
  Nanos predicted{0};       // the duration that was expected; 0: nothing was
  std::uint64_t bytes = 0;  // moved, handed over or filled
  RunId run{};
  NameId name{};            // the kernel, buffer, image or plan
  NameId reason{};          // why: of a copy, hand-over, retry, placement or failure
  TaskIndex task{};         // of a burst: its first
  TaskIndex last_task{};    // of a burst
  std::uint32_t count = 0;  // of a burst: tasks in it; of a candidate: measurements behind it
  TrackId track{};
  EventKind kind = EventKind::task;
};
static_assert(sizeof(TraceEvent) == 64 && std::is_trivially_copyable_v<TraceEvent>);

}  // namespace troika
