// What happened in a runtime: recorders that threads write to, and one place that keeps it all.
//
//   Trace trace{TraceOptions{}};
//   const TrackId track = trace.add_track("gpu0", "compute 0");
//   Recorder& recorder = trace.add_recorder();         // once a thread
//   if (recorder.on()) recorder.record({.begin = t0, .end = t1, .name = blur, .track = track});
//   write_chrome_json(trace.snapshot(), file);         // chrome_json.h
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "runtime/trace/event.h"
#include "runtime/trace/ring.h"
#include "runtime/trace/task_log.h"

namespace troika {

enum class TraceLevel : std::uint8_t {
  off,
  standard,  // what happened; the tasks of the host lane in bursts
  full,      // single tasks of the host lane too, and what was decided of every other task
};

struct TraceOptions {
  TraceLevel level = TraceLevel::standard;
  std::size_t ring_events = 4096;       // a recorder's room between two collections
  std::size_t kept_events = 1'000'000;  // beyond it the oldest are forgotten, and counted
  // Of single tasks of the host lane, beside the events; forgotten and counted block by block.
  std::size_t kept_task_bytes = std::size_t{64} << 20;
  std::size_t names_max = 65'536;  // beyond it every new name reads "(too many names)"
  // Of the runs a report can tell the graph of, and of their graphs' tasks together, each graph
  // once; beyond either the oldest runs are forgotten, and counted.
  std::size_t kept_runs = 4096;
  std::size_t kept_graph_tasks = 1'000'000;
};

// One thread's way into a trace. One producer at a time: a recorder may pass from thread to thread
// where something else orders them, as the strand does.
class Recorder {
 public:
  Recorder(const std::atomic<TraceLevel>& level, std::size_t events)
      : level_{level}, ring_{events} {}

  // Whether anything is to be recorded: one relaxed load.
  bool on() const noexcept { return level_.load(std::memory_order_relaxed) != TraceLevel::off; }
  // Whether single tasks of the host lane are, and decisions.
  bool full() const noexcept { return level_.load(std::memory_order_relaxed) == TraceLevel::full; }
  // Never waits. Dropped and counted when the ring is full; nothing when the trace is off.
  void record(const TraceEvent& event) noexcept {
    if (on()) ring_.push(event);
  }

 private:
  friend class Trace;

  const std::atomic<TraceLevel>& level_;
  EventRing ring_;
};

struct Track {
  std::string group;  // "gpu0"
  std::string name;   // "compute 0"
};

// A trace at one moment, apart from whatever happens next.
struct TraceSnapshot {
  std::vector<TraceEvent> events;  // by their beginning
  std::vector<std::string> names;
  std::vector<Track> tracks;
  std::uint64_t dropped = 0;    // for want of room in a recorder's ring
  std::uint64_t forgotten = 0;  // for want of room here
};

// Every function may be called from any thread. Outlives its recorders' users.
class Trace {
 public:
  explicit Trace(const TraceOptions& options);

  void set_level(TraceLevel level) noexcept { level_.store(level, std::memory_order_relaxed); }
  TraceLevel level() const noexcept { return level_.load(std::memory_order_relaxed); }

  // The same id for the same text. Takes a lock: for kernels, plans and failures, not for tasks.
  NameId intern(std::string_view text);
  // Tracks of one group are shown together, in the order they were added.
  TrackId add_track(std::string_view group, std::string_view name);
  // Lives as long as the trace.
  Recorder& add_recorder();

  // Empties the recorders' rings into what is kept.
  void collect();
  // Collects, then copies.
  TraceSnapshot snapshot();

 private:
  friend class TaskWriter;

  void collect_locked();
  // A block to write to, behind `full`, which may be null. Null where there is no memory for one:
  // a task is then dropped, and counted.
  TaskBlock* next_block(TaskBlock* full, TrackId track) noexcept;

  const TraceOptions options_;
  std::atomic<TraceLevel> level_;
  std::mutex mutex_;  // protects everything below; also makes collectors one at a time
  std::deque<Recorder> recorders_;
  std::deque<TraceEvent> kept_;
  std::vector<std::unique_ptr<TaskBlock>> open_blocks_;  // of one writer each
  std::deque<std::unique_ptr<TaskBlock>> full_blocks_;   // the oldest first
  std::uint64_t tasks_dropped_ = 0;
  std::uint64_t forgotten_ = 0;
  std::deque<std::string> names_;  // a deque: the index's keys point into it
  std::unordered_map<std::string_view, NameId> name_index_;
  std::vector<Track> tracks_;
};

}  // namespace troika
