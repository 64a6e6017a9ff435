#include "backends/sim/queue.h"

#include <string>

#include "backends/sim/kernel.h"
#include "backends/sim/memory.h"

namespace troika::sim {
namespace {

Status refuse(const std::string& why) { return {Code::invalid_argument, why}; }

}  // namespace

SimQueue::~SimQueue() {
  if (!stream_.abandoned() && !core_.lost() && reached().value < stream_.enqueued())
    core_.world().ledger().violate(core_.spec().name + ": queue " +
                                   std::to_string(stream_.id().value) +
                                   " is destroyed before all is reached");
  stream_.abandon();
  stream_.close();
  core_.drop(stream_);
}

Status SimQueue::admit(const char* verb, bool enqueues) {
  TROIKA_TRY(core_.alive());
  if (stream_.abandoned())
    return {Code::device_lost, std::string{verb} + ": the queue was abandoned"};
  if (enqueues && stream_.enqueued() - reached().value >= capacity())
    return {Code::exhausted, std::string{verb} + ": all " + std::to_string(capacity()) +
                                 " operations of the queue are in flight"};
  return {};
}

Result<OpUse> SimQueue::resolve(const Span2D& span, Touch touch, Handle handle) {
  Ledger& ledger = core_.world().ledger();
  if (span.in == nullptr) return refuse("a span without an allocation");
  const bool known = ledger.is_live(span.in);
  const bool foreign = !known && core_.world().options().foreign_allocations;
  if (!known && !foreign) {
    ledger.violate(core_.spec().name + " is given an allocation that does not exist");
    return refuse("no such allocation in this world");
  }
  TROIKA_ASSIGN(OpUse use, foreign ? foreign_use(*span.in) : known_use(*span.in, handle));
  use.touch = touch;
  const std::size_t room = span.in->bytes();
  use.rect = {use.rect.offset, 0, 1, 0};
  if (span.bytes() == 0) return use;
  if (span.rows > 1 && span.pitch < span.row_bytes) return refuse("rows overlap: pitch < row");
  if (span.offset > room || span.row_bytes > room - span.offset ||
      (span.rows > 1 && span.rows - 1 > (room - span.offset - span.row_bytes) / span.pitch))
    return Status{Code::out_of_range, "span ends at " + std::to_string(span.end()) + " of " +
                                          std::to_string(room) + " bytes"};
  use.rect = {use.rect.offset + span.offset, span.row_bytes, span.rows,
              span.rows > 1 ? span.pitch : 0};
  return use;
}

Result<OpUse> SimQueue::known_use(const Allocation& handle, Handle wanted) {
  const auto& in = static_cast<const SimAllocation&>(handle);
  if (wanted == Handle::own && &in.core() != &core_) {
    core_.world().ledger().violate(core_.spec().name + " is given a handle of " +
                                   in.core().spec().name + "'s");
    return refuse("the handle belongs to another device");
  }
  return OpUse{in.block(), in.in_use(), in.space(), {in.base(), 0, 1, 0}, Touch::read};
}

Result<OpUse> SimQueue::foreign_use(const Allocation& handle) {
  if (handle.host() == nullptr) return refuse("a foreign allocation without host bytes");
  auto block = core_.fabric().block_of({handle.host(), handle.bytes()});
  if (block == nullptr) return refuse("a foreign allocation across two others");
  const auto base = static_cast<std::size_t>(handle.host() - block->data());
  return OpUse{
      std::move(block), std::make_shared<InUse>(), host_space, {base, 0, 1, 0}, Touch::read};
}

Result<Timepoint> SimQueue::copy(const CopyOp& op) {
  TROIKA_TRY(admit("copy", true));
  Op work;
  work.kind = OpKind::copy;
  work.actor.name = "copy";
  TROIKA_ASSIGN(OpUse from, resolve(op.from, Touch::read, Handle::any));
  TROIKA_ASSIGN(OpUse to, resolve(op.to, Touch::write, Handle::any));
  if (from.rect.rows != to.rect.rows || from.rect.row_bytes != to.rect.row_bytes)
    return refuse("copy: rows differ in number or length");
  const SpaceId own = core_.info().space;
  if (from.space != own || to.space != own) {
    Fabric& fabric = core_.fabric();
    const std::string& source = fabric.space(from.space).name;
    const std::string& target = fabric.space(to.space).name;
    const bool adopted = from.space == to.space && core_.spec().adopts;
    work.link = fabric.network().find(source, target);
    const bool mine = from.space == own || to.space == own;
    if (!adopted && (work.link == nullptr || !mine || core_.spec().is_host))
      return Status{Code::unsupported,
                    "copy: " + core_.spec().name + " has no link " + source + " -> " + target};
  }
  work.uses = {std::move(from), std::move(to)};
  return push(std::move(work));
}

Result<Timepoint> SimQueue::fill(const FillOp& op) {
  TROIKA_TRY(admit("fill", true));
  if (op.to.row_bytes % size_of(op.value.type) != 0)
    return refuse("fill: a row is no multiple of the value");
  Op work;
  work.kind = OpKind::fill;
  work.actor.name = "fill";
  work.value_to_fill = op.value;
  TROIKA_ASSIGN(OpUse to, resolve(op.to, Touch::write, Handle::own));
  work.uses = {std::move(to)};
  return push(std::move(work));
}

Result<Timepoint> SimQueue::launch(const LaunchOp& op) {
  TROIKA_TRY(admit("launch", true));
  if (stream_.use() != QueueUse::compute)
    return Status{Code::unsupported, "launch: this queue copies only"};
  const auto* kernel = dynamic_cast<const SimKernel*>(op.kernel);
  if (kernel == nullptr || &kernel->core() != &core_)
    return refuse("launch: the kernel was not loaded on this device");
  const auto& params = kernel->body()->params;
  const std::string name = "launch of " + kernel->body()->operation + ": ";
  if (params.size() != op.args.size())
    return refuse(name + std::to_string(op.args.size()) + " arguments for " +
                  std::to_string(params.size()) + " parameters");
  Op work;
  work.actor.name = kernel->body()->operation;
  work.kernel = kernel->body();
  work.kernel_in_use = kernel->in_use();
  work.args.assign(op.args.begin(), op.args.end());
  work.context = op.context;
  for (std::size_t i = 0; i < params.size(); ++i) {
    if (op.args[i].is_buffer() != params[i].is_buffer)
      return refuse(name + "argument " + std::to_string(i) + " is a " +
                    (params[i].is_buffer ? "scalar, not a buffer" : "buffer, not a scalar"));
    if (!params[i].is_buffer && op.args[i].scalar.type != params[i].type)
      return refuse(name + "argument " + std::to_string(i) + " is of type " +
                    std::string{name_of(op.args[i].scalar.type)} + ", not " +
                    std::string{name_of(params[i].type)});
    if (!params[i].is_buffer) continue;
    auto use = resolve(op.args[i].span, touch_of(params[i].access), Handle::own);
    if (!use.ok()) return use.status().within(name + "argument " + std::to_string(i));
    work.uses.push_back(*std::move(use));
  }
  return push(std::move(work));
}

Result<Timepoint> SimQueue::hand_over(const HandOver& op) {
  TROIKA_TRY(admit("hand_over", true));
  TROIKA_ASSIGN(OpUse use,
                resolve(op.span, op.will_write ? Touch::give : Touch::lend, Handle::own));
  if (core_.agent() == 0) return Timepoint{stream_.id(), 0};
  Op work;
  work.kind = OpKind::hand_over;
  work.actor.name = op.towards == Towards::host ? "hand-over to the host" : "hand-over to device";
  work.towards_host = op.towards == Towards::host;
  work.uses = {std::move(use)};
  return push(std::move(work));
}

Status SimQueue::wait_for(Timepoint other) {
  TROIKA_TRY(admit("wait_for", false));
  if (other.trivial()) return {};
  const Stream* stream = core_.find(other.queue);
  if (stream == nullptr || other.value > stream->enqueued()) {
    const std::string what = "wait_for: point " + std::to_string(other.value) + " of queue " +
                             std::to_string(other.queue.value) +
                             " was never enqueued on this device";
    core_.world().ledger().violate(core_.spec().name + ": " + what);
    return refuse(what);
  }
  stream_.wait_for(other);
  return {};
}

Status SimQueue::flush() {
  TROIKA_TRY(admit("flush", false));
  stream_.flush();
  return {};
}

Timepoint SimQueue::abandon() noexcept { return stream_.abandon(); }

Timepoint SimQueue::reached() const noexcept {
  const bool ahead = core_.world().options().reached_runs_ahead;
  return {stream_.id(), ahead ? stream_.ended() : stream_.reported()};
}

}  // namespace troika::sim
