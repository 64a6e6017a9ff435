#include <deque>

#include "backends/xrt/call.h"
#include "backends/xrt/commands.h"

namespace troika::xrt {
namespace {

std::string name_of(ert_cmd_state state) {
  switch (state) {
    case ERT_CMD_STATE_ERROR: return "ERT_CMD_STATE_ERROR";
    case ERT_CMD_STATE_ABORT: return "ERT_CMD_STATE_ABORT";
    case ERT_CMD_STATE_TIMEOUT: return "ERT_CMD_STATE_TIMEOUT";
    case ERT_CMD_STATE_NORESPONSE: return "ERT_CMD_STATE_NORESPONSE";
    default: return "state " + std::to_string(state) + " of ERT's";
  }
}

// How many of a launch's buffers have to move; -1 when one cannot, since others run with it.
int moves(const std::vector<Place>& places) {
  int count = 0;
  for (const Place& place : places) {
    if (place.is_there()) continue;
    if (place.body->users != 0) return -1;
    ++count;
  }
  return count;
}

// XRT orders nothing but the runs of one compute unit. So at most one transfer or the runs of one
// unit are in flight, and everything else waits in the ring, where it can be taken back.
class XrtStream final : public Stream {
 public:
  XrtStream(std::shared_ptr<const Core> core, QueueUse use, std::shared_ptr<Waker> waker)
      : core_{std::move(core)}, card_{core_->card}, use_{use}, waker_{std::move(waker)} {}
  ~XrtStream() override;

  Result<bool> accept(const StreamOperation& op) override;
  bool ready_for(const StreamOperation& next) override;
  Status begin(const StreamOperation& op) override;
  Status submit() override { return {}; }
  void poll(StreamProgress& progress) override;
  Nanos look_again() const noexcept override {
    return transfer_.is_under_way() ? Nanos{0} : card_.ask_again(wish_);
  }

 private:
  // One runs, and the next one is with the vendor already.
  static constexpr std::size_t runs_max = 2;

  struct InFlight {
    std::uint64_t value;
    const XrtKernel* kernel;
    Unit* unit;
    std::unique_ptr<Launch> launch;
    Nanos begun;
  };

  bool can_follow(const XrtKernel& kernel, const StreamOperation& next) const;
  Unit* free_unit(const XrtKernel& kernel, const StreamOperation& op) const;
  Status launch(const StreamOperation& op);
  void end_run(InFlight& run, StreamProgress& progress);
  Status remember(Status status);

  const std::shared_ptr<const Core> core_;
  Card& card_;
  const QueueUse use_;
  const std::shared_ptr<Waker> waker_;
  Transfer transfer_;
  std::deque<InFlight> in_flight_;
  Wish wish_;
  std::uint64_t reached_ = 0;
  Nanos last_end_{0};
  Status lost_;
};

// What was given up may end yet, and the vendor ends the process when a run goes before.
XrtStream::~XrtStream() {
  card_.forget(wish_);
  if (transfer_.is_under_way()) card_.end_work();
  for (InFlight& run : in_flight_) card_.adopt(std::move(run.launch), *run.unit);
  // Who was held up by this one may begin.
  waker_->wake();
}

Result<bool> XrtStream::accept(const StreamOperation& op) {
  if (use_ == QueueUse::copy && op.kind == StreamOperation::Kind::launch)
    return Status{Code::unsupported, "launch: this queue of " + core_->name + " copies only"};
  return accept_command(*core_, op);
}

// A gone card shows in any call.
Status XrtStream::remember(Status status) {
  if (status.code() == Code::device_lost) lost_ = status;
  return status;
}

bool XrtStream::can_follow(const XrtKernel& kernel, const StreamOperation& next) const {
  const InFlight& last = in_flight_.back();
  if (in_flight_.size() >= runs_max || last.kernel->index() != kernel.index() ||
      !last.unit->info->ends_in_order)
    return false;
  const auto places = places_of(*core_, *last.unit->info, next);
  return places.ok() && moves(*places) == 0;
}

// Of those that run nothing, that which needs the fewest buffers moved. A launch that no bank suits
// takes any, to be refused with it.
Unit* XrtStream::free_unit(const XrtKernel& kernel, const StreamOperation& op) const {
  Unit* best = nullptr;
  int fewest = 0;
  for (Unit& unit : card_.units_of(kernel.index())) {
    if (unit.in_flight != 0) continue;
    const auto places = places_of(*core_, *unit.info, op);
    const int needed = places.ok() ? moves(*places) : 0;
    if (needed < 0 || (best && needed >= fewest)) continue;
    best = &unit;
    fewest = needed;
  }
  return best;
}

bool XrtStream::ready_for(const StreamOperation& next) {
  if (transfer_.is_under_way()) return false;
  if (next.kind != StreamOperation::Kind::launch) return in_flight_.empty();
  // What a queue that was given up has left may have ended, and nobody else tells.
  card_.tidy();
  const auto& kernel = static_cast<const XrtKernel&>(*next.kernel);
  if (kernel.image() != card_.loaded())
    return in_flight_.empty() && card_.may_load(wish_, kernel.image());
  if (card_.is_held()) return false;
  return in_flight_.empty() ? free_unit(kernel, next) != nullptr : can_follow(kernel, next);
}

Status XrtStream::begin(const StreamOperation& op) {
  TROIKA_TRY(lost_);
  if (op.kind == StreamOperation::Kind::launch) {
    card_.forget(wish_);
    return remember(launch(op));
  }
  transfer_.start(*core_, op);
  card_.begin_work(false);
  return {};
}

Status XrtStream::launch(const StreamOperation& op) {
  const auto& kernel = static_cast<const XrtKernel&>(*op.kernel);
  const std::string what = "launch of " + kernel.operation();
  if (Status loaded = card_.load(kernel.image()); !loaded.ok()) return loaded.within(what);
  Unit* const unit = in_flight_.empty() ? free_unit(kernel, op) : in_flight_.back().unit;
  TROIKA_ASSIGN(const std::vector<Place> places, places_of(*core_, *unit->info, op));
  std::vector<std::shared_ptr<Body>> bodies;
  for (const Place& place : places) bodies.push_back(place.body);
  for (const Place& place : places)
    if (Status placed = card_.place(place.body, place.bank, bodies); !placed.ok())
      return placed.within(what);
  TROIKA_ASSIGN(auto launch, card_.take_launch(*unit, waker_));
  const Status started = attempt(Code::kernel_failed, what, core_->name, [&] {
    set_arguments(*core_, launch->run(), op);
    launch->start(bodies);
  });
  if (!started.ok()) {
    unit->idle.push_back(std::move(launch));
    return started;
  }
  const auto args = op.args.view();
  for (std::size_t i = 0; i < args.size(); ++i)
    if (args[i].is_buffer() && writes(kernel.params()[i].access))
      Buffer::of(*core_, args[i].span.in)->body()->device_writes();
  ++unit->in_flight;
  card_.begin_work(true);
  in_flight_.push_back({op.value, &kernel, unit, std::move(launch), card_.environment().now()});
  return {};
}

void XrtStream::end_run(InFlight& run, StreamProgress& progress) {
  ert_cmd_state state = ERT_CMD_STATE_MAX;
  const std::string what = "launch of " + run.kernel->operation();
  Status ended =
      attempt(Code::kernel_failed, what, core_->name, [&] { state = run.launch->settle(); });
  if (ended.ok() && state != ERT_CMD_STATE_COMPLETED)
    ended = {Code::kernel_failed, what + " on " + core_->name + ": " + name_of(state)};
  const Nanos now = card_.environment().now();
  if (ended.ok()) progress.measured.push_back({run.value, std::max(run.begun, last_end_), now});
  else progress.failed.push_back({run.value, remember(std::move(ended))});
  last_end_ = now;
  reached_ = run.value;
  --run.unit->in_flight;
  run.unit->idle.push_back(std::move(run.launch));
  card_.end_work();
}

void XrtStream::poll(StreamProgress& progress) {
  card_.tidy();
  if (transfer_.is_under_way()) {
    const std::uint64_t value = transfer_.value();
    const Result<bool> moved = transfer_.step();
    if (!moved.ok()) progress.failed.push_back({value, remember(moved.status())});
    if (!transfer_.is_under_way()) {
      reached_ = value;
      card_.end_work();
    }
  }
  while (!in_flight_.empty() && in_flight_.front().launch->has_ended()) {
    end_run(in_flight_.front(), progress);
    in_flight_.pop_front();
  }
  progress.reached = reached_;
  progress.lost = lost_;
}

}  // namespace

Result<std::unique_ptr<Stream>> make_stream(std::shared_ptr<const Core> core, QueueUse use,
                                            std::shared_ptr<Waker> waker) {
  return std::unique_ptr<Stream>{
      std::make_unique<XrtStream>(std::move(core), use, std::move(waker))};
}

}  // namespace troika::xrt
