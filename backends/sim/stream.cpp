#include "backends/sim/stream.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "backends/sim/hold.h"

namespace troika::sim {

Stream::Stream(Core& core, QueueId id, QueueUse use, unsigned lane, QueueListener& listener)
    : core_{core}, world_{core.world()}, id_{id}, use_{use}, lane_{lane}, listener_{listener} {}

Timepoint Stream::push(Op op) {
  op.value = ++enqueued_;
  op.waits = std::exchange(waits_, {});
  op.actor.name = core_.spec().name + " queue " + std::to_string(id_.value) + " op " +
                  std::to_string(op.value) + " (" + op.actor.name + ")";
  op.actor.agent = core_.agent();
  op.actor.enqueued = op.actor.operation = world_.ledger().moment();
  for (const OpUse& use : op.uses) ++use.handle->operations;
  if (op.kernel_in_use) ++op.kernel_in_use->operations;
  ops_.push_back(std::make_shared<Op>(std::move(op)));
  held_.push_back(ops_.back());
  return {id_, enqueued_};
}

void Stream::flush() {
  if (flushed_ == enqueued_) return;
  flushed_ = enqueued_;
  ops_.back()->ends_flush = true;
  world_.after(Nanos{0}, [&core = core_] { core.pump(); });
}

Timepoint Stream::abandon() noexcept {
  const Timepoint begun{id_, core_.spec().recalls ? begun_ : enqueued_};
  if (abandoned_) return begun;
  abandoned_ = true;
  const bool stays_in_kernel =
      hung_ && !ops_.empty() && ops_.front()->running && ops_.front()->kind == OpKind::launch;
  if (stays_in_kernel) core_.lane_busy()[lane_] = false;
  distrust_untold();
  if (core_.spec().recalls) drop_what_has_not_begun();
  return begun;
}

// Who abandons a queue never learns how these ended: a reader of what they wrote is a violation.
void Stream::distrust_untold() {
  if (enqueued_ == reported_) return;
  distrust_ = world_.ledger().add_failure();
  world_.ledger().tell(distrust_);
  for (const auto& op : begun_and_untold_)
    for (const OpUse& use : op->uses)
      if (writes(use.touch)) use.block->damage(use.rect, distrust_);
}

void Stream::drop_what_has_not_begun() noexcept {
  for (; !ops_.empty() && !ops_.back()->running; ops_.pop_back()) {
    release(*held_.back());
    held_.pop_back();
  }
}

bool Stream::may_start(const Op& op) const {
  if (op.running || op.value > flushed_ || stuck()) return false;
  if (op.kind == OpKind::launch && core_.lane_busy()[lane_]) return false;
  return std::all_of(op.waits.begin(), op.waits.end(), [this](Timepoint point) {
    const Stream* other = core_.find(point.queue);
    return other == nullptr || other->ended() >= point.value;
  });
}

bool Stream::try_start() {
  if (ops_.empty() || !may_start(*ops_.front())) return false;
  start(std::shared_ptr<Op>{ops_.front()});
  return true;
}

void Stream::start(const std::shared_ptr<Op>& op) {
  world_.ledger().note({world_.now(), Happening::begin, id_.value, op->value});
  op->running = true;
  op->began = world_.now();
  begun_ = op->value;
  begun_and_untold_.push_back(op);
  bool reaches_all = true;
  for (const OpUse& use : op->uses) {
    const FailureId taint = use.block->begin(op->actor, use.rect, use.touch);
    if (taint != no_failure) op->taint = taint;
    reaches_all = reaches_all && !core_.fabric().space(use.space).lost;
  }
  if (!reaches_all)
    op->fate = {Code::device_lost, op->actor.name + ": the other end's device was lost"};
  if (op->kind == OpKind::launch) {
    core_.lane_busy()[lane_] = true;
    if (core_.launch_fails(*this))
      op->fate = {Code::kernel_failed, op->actor.name + ": planned fault"};
    if (stuck()) return;
  }

  if (op->kind == OpKind::copy && core_.copy_fails())
    op->fate = {Code::unavailable, op->actor.name + ": planned fault"};

  const auto effect = std::make_shared<Effect>();
  if (world_.options().contents) effect->snapshot(*op, world_.options().poison_writes);
  // Asks the operation first: after a loss this stream may be gone.
  const auto done = [this, op, effect] {
    if (op->running) finish(op, effect);
  };
  const double bytes = static_cast<double>(op->bytes());
  switch (op->kind) {
    case OpKind::launch:
      if (Hold* const hold = Hold::of(op->kernel->function)) hold->add(done);
      else world_.after(launch_time(*op), done);
      break;
    case OpKind::copy:
      if (op->link != nullptr && reaches_all) {
        op->transfer = core_.fabric().network().start(*op->link, op->uses[0].rect.bytes(), done);
        break;
      }
      [[fallthrough]];
    case OpKind::fill:
      world_.after(from_seconds(bytes / core_.spec().bytes_per_second), done);
      break;
    case OpKind::hand_over: world_.after(core_.spec().hand_over_latency, done); break;
  }
}

Nanos Stream::launch_time(const Op& op) {
  Nanos time = core_.kernel_time(op.kernel->operation, op.bytes());
  // Adopted host pages are read and written over the link.
  for (const OpUse& use : op.uses) {
    if (use.space == core_.info().space) continue;
    const MachineLink* link = core_.fabric().network().find("host", core_.spec().space);
    const double rate = link ? link->bytes_per_second : core_.spec().bytes_per_second;
    time += from_seconds(static_cast<double>(use.rect.bytes()) / rate);
  }
  return time;
}

void Stream::finish(const std::shared_ptr<Op>& op, const std::shared_ptr<Effect>& effect) {
  if (stuck()) return;
  Status status = op->fate;
  if (status.ok() && world_.options().contents) status = effect->apply(*op);
  // A kernel may have waited, and the device been lost meanwhile.
  if (!op->running) return;

  op->running = false;
  const FailureId failure = status.ok() ? no_failure : world_.ledger().add_failure();
  for (const OpUse& use : op->uses) {
    use.block->end(op->actor, use.rect, use.touch, op->taint);
    if (failure != no_failure && writes(use.touch)) use.block->damage(use.rect, failure);
    if (abandoned_ && writes(use.touch)) use.block->damage(use.rect, distrust_);
    if (op->kind == OpKind::hand_over) use.block->hand_over(op->actor, use.rect, op->towards_host);
  }
  if (op->kind == OpKind::launch) core_.lane_busy()[lane_] = false;
  world_.ledger().note(
      {world_.now(), status.ok() ? Happening::end : Happening::fail, id_.value, op->value});
  ops_.pop_front();
  ended_ = op->value;
  if (world_.options().reached_runs_ahead) release_until(ended_);
  report_end(*op, status, failure);
  core_.pump();
}

// Without the option nothing is drawn: what else the seed decides stays as it is.
Nanos Stream::misread(Nanos took) {
  const double chance = world_.options().misread;
  return chance > 0 && world_.rng().chance(chance) ? 100 * took : took;
}

void Stream::report_end(const Op& op, const Status& status, FailureId failure) {
  if (op.kind == OpKind::launch && core_.spec().measures)
    measured_.push_back({op.value, world_.now() - misread(world_.now() - op.began), world_.now()});
  if (status.ok() && !op.ends_flush && !world_.rng().chance(world_.options().report_alone)) return;
  send({op.value, status, false, std::exchange(measured_, {}), failure, world_.ledger().moment()});
}

void Stream::send(Report report) {
  const WorldOptions& options = world_.options();
  Nanos when = world_.now();
  if (options.report_delay_max > Nanos{0} && world_.rng().chance(options.report_late)) {
    world_.ledger().count(FaultKind::report_late);
    when +=
        Nanos{1 + world_.rng().below(static_cast<std::uint64_t>(options.report_delay_max.count()))};
  }
  reports_.push_back(std::move(report));
  // Each such event delivers the oldest: a queue's reports never overtake one another.
  world_.at(when, [this] { deliver(); });
}

void Stream::deliver() {
  const Report report = std::move(reports_.front());
  reports_.pop_front();
  if (abandoned_) return;
  reported_ = report.reached;
  while (!begun_and_untold_.empty() && begun_and_untold_.front()->value <= reported_)
    begun_and_untold_.pop_front();
  release_until(reported_);
  world_.ledger().tell_end(report.moment);
  world_.ledger().tell(report.failure);
  world_.ledger().note({world_.now(), Happening::report, id_.value, report.reached});
  listener_.on_advance({{id_, report.reached}, report.status, report.lost, report.measured});
}

void Stream::release(const Op& op) noexcept {
  for (const OpUse& use : op.uses) --use.handle->operations;
  if (op.kernel_in_use) --op.kernel_in_use->operations;
}

void Stream::release_until(std::uint64_t value) noexcept {
  for (; !held_.empty() && held_.front()->value <= value && !abandoned_; held_.pop_front())
    release(*held_.front());
}

void Stream::lose() {
  // What has not begun is not told as failed, but is lost with the device.
  const bool begun = !ops_.empty() && ops_.front()->running;
  const std::uint64_t told = reports_.empty() ? reported_ : reports_.back().reached;
  const std::uint64_t value = begun ? ops_.front()->value : told;
  for (const auto& op : ops_) {
    if (!op->running) continue;
    op->running = false;
    core_.fabric().network().cancel(op->transfer);
    for (const OpUse& use : op->uses) {
      use.block->end(op->actor, use.rect, use.touch, op->taint);
      if (writes(use.touch)) use.block->damage(use.rect, core_.failure());
    }
  }
  const bool unfinished = !ops_.empty();
  ops_.clear();
  release_until(std::numeric_limits<std::uint64_t>::max());
  if (!unfinished) return;
  const Status status{Code::device_lost,
                      "device " + core_.spec().name + " was lost (planned fault)"};
  send({value, status, true, std::exchange(measured_, {}), core_.failure(),
        world_.ledger().moment()});
}

std::string Stream::describe() const {
  if (ops_.empty()) return "";
  const Op& head = *ops_.front();
  std::string text = head.actor.name + ", first of " + std::to_string(ops_.size()) + ", ";
  if (abandoned_) return text + "was abandoned\n";
  if (stuck()) return text + "hangs\n";
  if (head.running) return text + "runs\n";
  if (head.value > flushed_) return text + "was not flushed\n";
  for (const Timepoint point : head.waits)
    text += "waits for queue " + std::to_string(point.queue.value) + " to reach " +
            std::to_string(point.value) + ", ";
  return text + "has not begun\n";
}

}  // namespace troika::sim
