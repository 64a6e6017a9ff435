#include "backends/sim/ledger.h"

#include <algorithm>
#include <utility>

namespace troika::sim {

std::string_view name_of(FaultKind kind) noexcept {
  switch (kind) {
    case FaultKind::kernel_fails: return "kernel_fails";
    case FaultKind::copy_fails: return "copy_fails";
    case FaultKind::device_slow: return "device_slow";
    case FaultKind::device_lost: return "device_lost";
    case FaultKind::device_hangs: return "device_hangs";
    case FaultKind::allocate_fails: return "allocate_fails";
    case FaultKind::report_late: return "report_late";
    case FaultKind::report_overtaken: return "report_overtaken";
  }
  return "unknown";
}

std::string_view name_of(Happening what) noexcept {
  switch (what) {
    case Happening::begin: return "begin";
    case Happening::end: return "end";
    case Happening::fail: return "fail";
    case Happening::report: return "report";
    case Happening::serve: return "serve";
    case Happening::job: return "job";
  }
  return "unknown";
}

void Ledger::violate(std::string what) {
  ++violation_count_;
  if (violations_.size() < violations_max) violations_.push_back(std::move(what));
}

FailureId Ledger::add_failure() {
  told_.push_back(std::numeric_limits<std::uint64_t>::max());
  return static_cast<FailureId>(told_.size() - 1);
}

void Ledger::tell(FailureId failure) noexcept {
  if (failure != no_failure) told_[failure] = std::min(told_[failure], moment());
}

bool Ledger::told_before(FailureId failure, std::uint64_t moment) const noexcept {
  return told_[failure] < moment;
}

void Ledger::tell_end(std::uint64_t moment) noexcept {
  if (moment < latest_end_told_) count(FaultKind::report_overtaken);
  latest_end_told_ = std::max(latest_end_told_, moment);
}

}  // namespace troika::sim
