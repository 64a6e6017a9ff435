#include "backends/sim/core.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "backends/sim/stream.h"

namespace troika::sim {
namespace {

DeviceInfo info_of(const MachineDevice& spec, Fabric& fabric) {
  DeviceInfo info;
  info.name = spec.name;
  info.backend = "sim";
  // What was learned of one device counts for others that go by the same costs.
  info.description = "simulated " + std::string{name_of(spec.kind)} + " " + spec.costs;
  info.kind = spec.kind;
  info.space = fabric.space_named(spec.space).id;
  info.lanes = spec.count;
  info.copy_queue = spec.copy_queue;
  if (spec.is_host) {
    info.cores.resize(spec.count);
    std::iota(info.cores.begin(), info.cores.end(), 0u);
    info.dialects = {Dialect::host, Dialect::sim};
  } else {
    info.dialects = {Dialect::sim};
    for (const MachineLink& link : fabric.machine().links)
      if (link.from == spec.space || link.to == spec.space)
        info.links.push_back({fabric.space_named(link.from).id, fabric.space_named(link.to).id,
                              link.bytes_per_second, link.latency});
  }
  info.flops_per_second = spec.flops_per_second;
  info.bytes_per_second = spec.bytes_per_second;
  info.memory_bytes = fabric.space(info.space).bytes_max;
  info.needs_hand_over = !spec.is_host && !spec.coherent;
  info.simulated = true;
  return info;
}

}  // namespace

Core::Core(std::shared_ptr<Fabric> fabric, const MachineDevice& spec, const FaultPlan& plan)
    : fabric_{std::move(fabric)},
      spec_{spec},
      info_{info_of(spec, *fabric_)},
      rng_{fabric_->world().rng_for(spec.name)},
      lane_busy_(spec.count, false) {
  if (info_.needs_hand_over) agent_ = world().next_agent();
  for (const Fault& fault : plan.faults)
    if (fault.device == spec.name) faults_.push_back(fault);
  plan_timed_faults();
}

Core::~Core() = default;

void Core::plan_timed_faults() {
  for (const Fault& fault : faults_)
    if (fault.nth == 0) world().at(fault.at, [this, fault] { strike(fault, nullptr); });
}

Status Core::alive() {
  if (!lost_) return {};
  world().ledger().tell(failure_);
  return {Code::device_lost, "device " + spec_.name + " was lost (planned fault)"};
}

void Core::lose() {
  if (lost_) return;
  lost_ = true;
  failure_ = world().ledger().add_failure();
  for (const auto& stream : streams_) stream->lose();
  space().lost = space().id != host_space && space().devices == 1;
  for (const auto& weak : space().blocks) {
    const auto block = weak.lock();
    if (block == nullptr) continue;
    if (space().lost) block->damage({0, block->bytes(), 1, 0}, failure_);
    else if (agent_ != 0) block->lose_agent(agent_, failure_);
  }
}

void Core::strike(const Fault& fault, Stream* stream) {
  if (lost_ || hung_) return;
  switch (fault.kind) {
    case FaultKind::device_slow: slowness_ = fault.factor; break;
    case FaultKind::device_lost: lose(); break;
    case FaultKind::device_hangs:
      // One lane of the host: its other workers go on.
      if (!spec_.is_host) hung_ = true;
      else if (stream != nullptr) stream->hang();
      else if (!streams_.empty()) streams_[rng_.index(streams_.size())]->hang();
      else return;
      break;
    case FaultKind::kernel_fails:
    case FaultKind::copy_fails:
    case FaultKind::allocate_fails:
    case FaultKind::report_late:
    case FaultKind::report_overtaken: break;
  }
  world().ledger().count(fault.kind);
}

bool Core::strikes(FaultKind kind, std::uint64_t nth) {
  const bool planned = std::any_of(faults_.begin(), faults_.end(), [&](const Fault& fault) {
    return fault.kind == kind && fault.nth == nth;
  });
  if (planned) world().ledger().count(kind);
  return planned;
}

bool Core::allocation_fails() { return strikes(FaultKind::allocate_fails, ++allocations_); }

bool Core::copy_fails() { return strikes(FaultKind::copy_fails, ++copies_); }

bool Core::launch_fails(Stream& stream) {
  ++launches_;
  bool fails = false;
  for (const Fault& fault : faults_) {
    if (fault.nth != launches_ || fault.kind == FaultKind::allocate_fails ||
        fault.kind == FaultKind::copy_fails)
      continue;
    strike(fault, &stream);
    fails = fails || fault.kind == FaultKind::kernel_fails;
  }
  return fails;
}

// Of mean 1. Without it nothing is drawn: what else the seed decides stays as it is.
double Core::spread() {
  const double deviation = world().options().spread;
  return deviation == 0 ? 1 : std::exp(deviation * rng_.normal() - deviation * deviation / 2);
}

Nanos Core::kernel_time(const std::string& kernel, std::size_t bytes) {
  const Price price = price_of(fabric_->machine(), spec_, kernel, bytes);
  const double mean = to_seconds(price.mean);
  const double drawn = mean + world().options().noise * to_seconds(price.stddev) * rng_.normal();
  const double factor = slowness_ * spread();
  return spec_.launch_latency + from_seconds(std::max(drawn, mean / 10) * factor);
}

void Core::add(std::unique_ptr<Stream> stream) { streams_.push_back(std::move(stream)); }

void Core::drop(Stream& stream) {
  if (!stream.idle()) return;
  std::erase_if(streams_, [&](const auto& each) { return each.get() == &stream; });
}

Stream* Core::find(QueueId queue) noexcept {
  Stream* found = nullptr;
  for (const auto& stream : streams_)
    if (stream->id() == queue && (found == nullptr || found->closed())) found = stream.get();
  return found;
}

void Core::pump() {
  // A start may start others, or lose the device: looks again from the top until nothing starts.
  bool started = true;
  while (started && !lost_ && !hung_) {
    started = false;
    for (std::size_t i = 0; i < streams_.size() && !started; ++i) {
      const std::size_t at = (next_stream_ + i) % streams_.size();
      started = streams_[at]->try_start();
      if (started) next_stream_ = at + 1;
    }
  }
}

std::string Core::describe() const {
  std::string text;
  for (const auto& stream : streams_) text += stream->describe();
  return text;
}

}  // namespace troika::sim
