#include <chrono>
#include <deque>

#include "backends/cuda/bell.h"
#include "backends/cuda/commands.h"
#include "backends/cuda/events.h"
#include "runtime/device/clock_offset.h"

namespace troika::cuda {
namespace {

class CudaStream final : public Stream {
 public:
  CudaStream(std::shared_ptr<const Core> core, QueueUse use, std::shared_ptr<Waker> waker)
      : core_{std::move(core)}, use_{use}, bell_{new Bell{std::move(waker)}} {}
  ~CudaStream() override;
  // The streams of the driver, once.
  Status open();

  Result<bool> accept(const StreamOperation& op) override;
  bool hold_behind(const Stream& other, std::uint64_t value) override;
  Status begin(const StreamOperation& op) override;
  Status submit() override;
  void poll(StreamProgress& progress) override;
  Nanos look_again() const noexcept override { return in_flight_.empty() ? forever : patience; }

 private:
  // Of a long flush the host hears before its end, while the device still has work.
  static constexpr std::size_t operations_to_a_ring = 32;
  // Host functions are not run after an error, so that it is looked for.
  static constexpr Nanos patience = std::chrono::milliseconds{5};

  struct InFlight {
    std::uint64_t value;
    unsigned way;
    std::array<Touched, 2> touched;
    CUevent begun;  // launches
    CUevent ended;
    const CudaKernel* kernel;  // launches
  };

  Events& events_of(const InFlight& op) noexcept { return op.kernel ? timed_ : plain_; }
  void give_back(const InFlight& op);
  CUresult wait_for_conflicts(const InFlight& op);
  Status wait_for_memory();
  Status enqueue(const StreamOperation& op, InFlight& made);
  Status ring();
  Status remember(Status status);
  Status refused(const char* call, CUresult error);
  void measure(std::size_t launches, StreamProgress& progress);

  const std::shared_ptr<const Core> core_;
  const QueueUse use_;
  Bell* const bell_;
  Events plain_{*core_, CU_EVENT_DISABLE_TIMING};
  Events timed_{*core_, CU_EVENT_DEFAULT};
  // A copy queue has a second way, for what leaves the device.
  std::array<CUstream, 2> ways_{};
  std::array<bool, 2> unrung_{};
  std::size_t behind_ring_ = 0;  // operations begun since the last ring
  std::deque<InFlight> in_flight_;
  std::uint64_t reached_ = 0;
  Status lost_;  // the context's sticky error, once seen
  Status held_;  // of hold_behind(), for the next begin()
  std::uint64_t takings_seen_ = 0;

  // Launches are timed against the end of the one before, for a float of milliseconds is exact over
  // short times only.
  CUevent last_end_ = nullptr;
  Nanos device_time_{0};  // at last_end_
  ClockOffset clock_;
};

CudaStream::~CudaStream() {
  const Current current{*core_};
  // What another queue's operation did to the context shows in any call.
  const bool lost = !lost_.ok() || (last_end_ && is_sticky(core_->api->EventQuery(last_end_)));
  for (const InFlight& op : in_flight_) give_back(op);
  timed_.give_back(last_end_);
  plain_.clear();
  timed_.clear();
  for (const CUstream way : ways_)
    if (way) core_->api->StreamDestroy(way);
  bell_->leave(lost);
}

Status CudaStream::open() {
  const bool copies = use_ == QueueUse::copy;
  const int priority = copies ? core_->copy_priority : core_->compute_priority;
  for (std::size_t way = 0; way < (copies ? 2 : 1); ++way) {
    const CUresult error =
        core_->api->StreamCreateWithPriority(&ways_[way], CU_STREAM_NON_BLOCKING, priority);
    if (error != CUDA_SUCCESS)
      return failure(*core_->api, Code::unavailable, "cuStreamCreateWithPriority on " + core_->name,
                     error);
  }
  TROIKA_TRY(wait_for_memory());
  CUresult error = timed_.take(last_end_);
  if (error == CUDA_SUCCESS) error = core_->api->EventRecord(last_end_, ways_[0]);
  if (error == CUDA_SUCCESS) return {};
  return failure(*core_->api, Code::unavailable, "cuEventRecord on " + core_->name, error);
}

Result<bool> CudaStream::accept(const StreamOperation& op) {
  if (use_ == QueueUse::copy && op.kind == StreamOperation::Kind::launch)
    return Status{Code::unsupported, "launch: this queue of " + core_->name + " copies only"};
  return accept_command(*core_, op);
}

// A sticky error ends the device, whichever call says so.
Status CudaStream::remember(Status status) {
  if (status.code() == Code::device_lost) lost_ = status;
  return status;
}

Status CudaStream::refused(const char* call, CUresult error) {
  return remember(
      failure(*core_->api, Code::kernel_failed, std::string{call} + " on " + core_->name, error));
}

void CudaStream::give_back(const InFlight& op) {
  events_of(op).give_back(op.begun);
  events_of(op).give_back(op.ended);
}

// At once: the events may be recorded again when their operations have ended.
bool CudaStream::hold_behind(const Stream& other, std::uint64_t value) {
  std::array<CUevent, 2> last{};
  for (const InFlight& op : static_cast<const CudaStream&>(other).in_flight_)
    if (op.value <= value) last[op.way] = op.ended;
  const Current current{*core_};
  for (const CUevent event : last)
    for (const CUstream way : ways_) {
      if (!event || !way) continue;
      if (const CUresult error = core_->api->StreamWaitEvent(way, event, 0); error != CUDA_SUCCESS)
        held_ = refused("cuStreamWaitEvent", error);
    }
  return true;
}

// The two ways of a copy queue know nothing of each other.
CUresult CudaStream::wait_for_conflicts(const InFlight& op) {
  for (auto before = in_flight_.rbegin(); before != in_flight_.rend(); ++before) {
    if (before->way == op.way) continue;
    for (const Touched& theirs : before->touched)
      for (const Touched& ours : op.touched)
        if (ours.conflicts(theirs))
          return core_->api->StreamWaitEvent(ways_[op.way], before->ended, 0);
  }
  return CUDA_SUCCESS;
}

Status CudaStream::enqueue(const StreamOperation& op, InFlight& made) {
  const CUstream way = ways_[made.way];
  if (const CUresult error = events_of(made).take(made.ended); error != CUDA_SUCCESS)
    return refused("cuEventCreate", error);
  if (const CUresult error = wait_for_conflicts(made); error != CUDA_SUCCESS)
    return refused("cuStreamWaitEvent", error);
  if (made.kernel) {
    CUresult error = timed_.take(made.begun);
    if (error == CUDA_SUCCESS) error = core_->api->EventRecord(made.begun, way);
    if (error != CUDA_SUCCESS) return refused("cuEventRecord", error);
  }
  TROIKA_TRY(remember(enqueue_command(*core_, way, op)));
  const CUresult error = core_->api->EventRecord(made.ended, way);
  return error == CUDA_SUCCESS ? Status{} : refused("cuEventRecord", error);
}

Status CudaStream::wait_for_memory() {
  const std::uint64_t takings = core_->takings.load(std::memory_order_acquire);
  if (takings == takings_seen_) return {};
  for (const CUstream way : ways_) {
    if (!way) continue;
    const CUresult error = core_->api->StreamWaitEvent(way, core_->taken, 0);
    if (error != CUDA_SUCCESS) return refused("cuStreamWaitEvent", error);
  }
  takings_seen_ = takings;
  return {};
}

Status CudaStream::begin(const StreamOperation& op) {
  const Current current{*core_};
  TROIKA_TRY(std::exchange(held_, {}));
  TROIKA_TRY(wait_for_memory());
  InFlight made{op.value, 0, {}, nullptr, nullptr, nullptr};
  if (op.kind == StreamOperation::Kind::launch)
    made.kernel = static_cast<const CudaKernel*>(op.kernel);
  if (use_ == QueueUse::copy) {
    made.way = leaves_device(*core_, op) ? 1 : 0;
    made.touched = touched_by(op);
  }
  if (Status status = enqueue(op, made); !status.ok()) {
    give_back(made);
    return status;
  }
  in_flight_.push_back(made);
  unrung_[made.way] = true;
  // Where that fails, submit() tries again and tells.
  if (++behind_ring_ >= operations_to_a_ring) static_cast<void>(ring());
  return {};
}

Status CudaStream::ring() {
  for (std::size_t way = 0; way < ways_.size(); ++way) {
    if (!unrung_[way]) continue;
    const CUresult error = bell_->ring_behind(*core_->api, ways_[way]);
    if (error != CUDA_SUCCESS) return refused("cuLaunchHostFunc", error);
    unrung_[way] = false;
  }
  behind_ring_ = 0;
  return {};
}

Status CudaStream::submit() {
  const Current current{*core_};
  TROIKA_TRY(lost_);
  return ring();
}

void CudaStream::poll(StreamProgress& progress) {
  progress.reached = reached_;
  if (in_flight_.empty()) return;
  const Current current{*core_};
  std::size_t done = 0;
  CUresult error = CUDA_SUCCESS;
  while (done < in_flight_.size() &&
         (error = core_->api->EventQuery(in_flight_[done].ended)) == CUDA_SUCCESS)
    ++done;
  measure(done, progress);
  for (; done != 0; --done) {
    reached_ = in_flight_.front().value;
    // The end of the last launch stays: the next one is timed against it.
    if (in_flight_.front().ended == last_end_) in_flight_.front().ended = nullptr;
    give_back(in_flight_.front());
    in_flight_.pop_front();
  }
  progress.reached = reached_;
  if (error == CUDA_SUCCESS || error == CUDA_ERROR_NOT_READY) return;
  // Nobody tells which operation of the device it was; this is the oldest of this queue.
  const InFlight& oldest = in_flight_.front();
  progress.lost = lost_ =
      failure(*core_->api, Code::device_lost,
              (oldest.kernel ? "launch of " + oldest.kernel->operation() : "operation") + " on " +
                  core_->name + ", or another operation there",
              error);
}

// The launches among the first operations in flight, all of which have ended.
void CudaStream::measure(std::size_t operations, StreamProgress& progress) {
  struct Took {
    std::uint64_t value;
    Nanos begin, end;
  };
  std::vector<Took> took;
  const auto between = [this](CUevent from, CUevent to, Nanos& time) {
    float milliseconds = 0;
    if (core_->api->EventElapsedTime(&milliseconds, from, to) != CUDA_SUCCESS) return false;
    time = Nanos{static_cast<std::int64_t>(static_cast<double>(milliseconds) * 1e6)};
    return true;
  };
  for (std::size_t i = 0; i < operations; ++i) {
    const InFlight& op = in_flight_[i];
    Nanos idle{0}, ran{0};
    if (!op.kernel || !between(last_end_, op.begun, idle) || !between(op.begun, op.ended, ran))
      continue;
    const Nanos begin = device_time_ + idle;
    device_time_ = begin + ran;
    took.push_back({op.value, begin, device_time_});
    // Unless it belongs to an operation that is still in the list.
    if (took.size() == 1) timed_.give_back(last_end_);
    last_end_ = op.ended;
  }
  if (took.empty()) return;
  clock_.observe(core_->environment->now(), device_time_);
  for (const Took& launch : took) {
    const ClockOffset::Interval interval = clock_.next(launch.begin, launch.end);
    progress.measured.push_back({launch.value, interval.begin, interval.end});
  }
}

}  // namespace

Result<std::unique_ptr<Stream>> make_stream(std::shared_ptr<const Core> core, QueueUse use,
                                            std::shared_ptr<Waker> waker) {
  const Current current{*core};
  auto stream = std::make_unique<CudaStream>(core, use, std::move(waker));
  TROIKA_TRY(stream->open());
  return std::unique_ptr<Stream>{std::move(stream)};
}

}  // namespace troika::cuda
