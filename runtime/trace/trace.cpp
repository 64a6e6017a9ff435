#include "runtime/trace/trace.h"

#include <algorithm>
#include <new>

namespace troika {

const char* name_of(EventKind kind) noexcept {
  switch (kind) {
    case EventKind::task: return "task";
    case EventKind::copy: return "copy";
    case EventKind::hand_over: return "hand_over";
    case EventKind::fill: return "fill";
    case EventKind::load: return "load";
    case EventKind::retry: return "retry";
    case EventKind::burst: return "burst";
    case EventKind::failure: return "failure";
    case EventKind::placement: return "placement";
    case EventKind::candidate: return "candidate";
    case EventKind::issue: return "issue";
  }
  return "unknown";
}

Trace::Trace(const TraceOptions& options) : options_{options}, level_{options.level} {
  // Name 0 stands for all that come when there is no more room.
  names_.emplace_back("(too many names)");
  name_index_.emplace(names_.back(), NameId{0});
}

NameId Trace::intern(std::string_view text) {
  const std::scoped_lock lock{mutex_};
  if (const auto found = name_index_.find(text); found != name_index_.end()) return found->second;
  if (names_.size() >= options_.names_max) return NameId{0};
  const NameId id{static_cast<std::uint32_t>(names_.size())};
  name_index_.emplace(names_.emplace_back(text), id);
  return id;
}

TrackId Trace::add_track(std::string_view group, std::string_view name) {
  const std::scoped_lock lock{mutex_};
  // Past the last number there is, events go without a track rather than to someone else's.
  if (tracks_.size() >= TrackId::none_value) return TrackId::none();
  tracks_.push_back({std::string{group}, std::string{name}});
  return TrackId{static_cast<std::uint16_t>(tracks_.size() - 1)};
}

Recorder& Trace::add_recorder() {
  const std::scoped_lock lock{mutex_};
  return recorders_.emplace_back(level_, options_.ring_events);
}

void TaskWriter::turn_over() noexcept {
  block_ = trace_.next_block(block_, track_);
  if (block_ != nullptr) used_ = 0;
}

TaskBlock* Trace::next_block(TaskBlock* full, TrackId track) noexcept {
  const std::scoped_lock lock{mutex_};
  const auto open = std::ranges::find(open_blocks_, full, &std::unique_ptr<TaskBlock>::get);
  if (open != open_blocks_.end()) {
    full_blocks_.push_back(std::move(*open));
    open_blocks_.erase(open);
  }
  const std::size_t blocks = open_blocks_.size() + full_blocks_.size();
  std::unique_ptr<TaskBlock> block;
  if (full_blocks_.empty() || (blocks + 1) * sizeof(TaskBlock) <= options_.kept_task_bytes) {
    block.reset(new (std::nothrow) TaskBlock);
  } else {
    block = std::move(full_blocks_.front());
    full_blocks_.pop_front();
    forgotten_ += block->count.load(std::memory_order_relaxed);
    block->count.store(0, std::memory_order_relaxed);
  }
  if (block == nullptr) {
    tasks_dropped_ += 1;
    return nullptr;
  }
  block->track = track;
  return open_blocks_.emplace_back(std::move(block)).get();
}

namespace {

void append(const TaskBlock& block, std::vector<TraceEvent>& events) {
  const std::uint32_t count = block.count.load(std::memory_order_acquire);
  for (std::uint32_t i = 0; i < count; ++i) {
    const TaskRecord& record = block.records[i];
    TraceEvent& event = events.emplace_back();
    event.begin = record.begin;
    event.end = record.end;
    event.run = record.run;
    event.name = record.name;
    event.task = record.task;
    event.track = block.track;
  }
}

}  // namespace

void Trace::collect() {
  const std::scoped_lock lock{mutex_};
  collect_locked();
}

void Trace::collect_locked() {
  for (Recorder& recorder : recorders_)
    recorder.ring_.drain([this](const TraceEvent& event) { kept_.push_back(event); });
  while (kept_.size() > options_.kept_events) {
    kept_.pop_front();
    forgotten_ += 1;
  }
}

TraceSnapshot Trace::snapshot() {
  TraceSnapshot copy;
  {
    const std::scoped_lock lock{mutex_};
    collect_locked();
    copy.events.assign(kept_.begin(), kept_.end());
    for (const auto& block : full_blocks_) append(*block, copy.events);
    for (const auto& block : open_blocks_) append(*block, copy.events);
    copy.dropped = tasks_dropped_;
    copy.names.assign(names_.begin(), names_.end());
    copy.tracks = tracks_;
    copy.forgotten = forgotten_;
    for (const Recorder& recorder : recorders_) copy.dropped += recorder.ring_.dropped();
  }
  // What encloses comes before what it encloses, as viewers want it.
  std::stable_sort(copy.events.begin(), copy.events.end(),
                   [](const TraceEvent& a, const TraceEvent& b) {
                     return a.begin != b.begin ? a.begin < b.begin : a.end > b.end;
                   });
  return copy;
}

}  // namespace troika
