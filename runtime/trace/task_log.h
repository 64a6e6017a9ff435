// Single tasks of the host lane, of which there may be millions a second: written by one thread
// each in blocks, which the trace keeps as they are.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "runtime/trace/event.h"

namespace troika {

class Trace;

// What a TraceEvent of kind task has more of is the same for all of one writer.
struct TaskRecord {
  Nanos begin, end;
  RunId run;
  NameId name;
  TaskIndex task;
};
static_assert(sizeof(TaskRecord) == 32);

struct TaskBlock {
  static constexpr std::size_t room = 1022;

  TrackId track;
  std::atomic<std::uint32_t> count{0};  // written by the block's writer; what is below it stays
  std::array<TaskRecord, room> records;
};

// One thread's, or one after another's where something else orders them. The trace outlives it.
class TaskWriter {
 public:
  TaskWriter(Trace& trace, TrackId track) noexcept : trace_{trace}, track_{track} {}

  // Never waits for another writer but once a block, for as long as the trace's lock is held.
  void record(const TaskRecord& record) noexcept {
    if (used_ == TaskBlock::room) turn_over();
    if (block_ == nullptr) return;
    block_->records[used_++] = record;
    block_->count.store(used_, std::memory_order_release);
  }

 private:
  void turn_over() noexcept;

  Trace& trace_;
  const TrackId track_;
  TaskBlock* block_ = nullptr;  // the trace's; null at first, and while it has no memory for one
  std::uint32_t used_ = TaskBlock::room;
};

}  // namespace troika
