// What happened in a simulated world: the trace, the faults that struck, the rules that were
// broken.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/time.h"
#include "runtime/device/memory.h"
#include "runtime/device/timeline.h"

namespace troika::sim {

enum class FaultKind : std::uint8_t {
  kernel_fails,
  copy_fails,
  device_slow,
  device_lost,
  device_hangs,
  allocate_fails,
  report_late,       // a completion told later than it happened
  report_overtaken,  // a completion told after a later one of another queue
};
inline constexpr std::size_t fault_kinds = 8;
std::string_view name_of(FaultKind kind) noexcept;

enum class Happening : std::uint8_t { begin, end, fail, report, serve, job };
std::string_view name_of(Happening what) noexcept;

// `subject` is the queue (begin to report) or the worker slot (job).
struct TraceEvent {
  Nanos at{0};
  Happening what = Happening::serve;
  std::uint32_t subject = 0;
  std::uint64_t value = 0;
  friend bool operator==(const TraceEvent&, const TraceEvent&) = default;
};

class FaultCounts {
 public:
  std::uint64_t operator[](FaultKind kind) const noexcept {
    return counts_[static_cast<std::size_t>(kind)];
  }
  void add(FaultKind kind) noexcept { ++counts_[static_cast<std::size_t>(kind)]; }

 private:
  std::array<std::uint64_t, fault_kinds> counts_{};
};

// Names a failed operation or a lost device whose bytes are damaged.
using FailureId = std::uint32_t;
inline constexpr FailureId no_failure = std::numeric_limits<FailureId>::max();

class Ledger {
 public:
  static constexpr std::size_t violations_max = 200;  // later ones are only counted

  void violate(std::string what);
  const std::vector<std::string>& violations() const noexcept { return violations_; }
  std::uint64_t violation_count() const noexcept { return violation_count_; }

  void count(FaultKind kind) noexcept { faults_.add(kind); }
  const FaultCounts& faults() const noexcept { return faults_; }

  void note(const TraceEvent& event) { trace_.push_back(event); }
  const std::vector<TraceEvent>& trace() const noexcept { return trace_; }

  // A moment later than every one before; orders verbs against reports.
  std::uint64_t moment() noexcept { return ++moment_; }
  FailureId add_failure();
  // The runtime has been told: from now on it must not enqueue readers of the damaged bytes.
  void tell(FailureId failure) noexcept;
  bool told_before(FailureId failure, std::uint64_t moment) const noexcept;

  // An operation's end is told that happened at `moment`; counts it when a later one was told
  // first.
  void tell_end(std::uint64_t moment) noexcept;

  // Handles that exist now, so that a dangling one is found before it is followed.
  void add_live(const Allocation* handle) { live_.insert(handle); }
  void remove_live(const Allocation* handle) noexcept { live_.erase(handle); }
  bool is_live(const Allocation* handle) const noexcept { return live_.contains(handle); }
  const std::set<const Allocation*>& live() const noexcept { return live_; }

 private:
  std::vector<std::string> violations_;
  std::uint64_t violation_count_ = 0;
  FaultCounts faults_;
  std::vector<TraceEvent> trace_;
  std::uint64_t moment_ = 0;
  std::uint64_t latest_end_told_ = 0;
  std::vector<std::uint64_t> told_;  // by failure: the moment it was told
  std::set<const Allocation*> live_;
};

}  // namespace troika::sim
