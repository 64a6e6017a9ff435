// Runs a drawn case on the production executor and compares it with a serial run.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "backends/sim/ledger.h"
#include "runtime/exec/executor.h"

namespace troika::oracle {

struct Tally {
  std::uint64_t cases = 0, runs = 0, runs_failed = 0, runs_cancelled = 0, tasks = 0,
                pieces_lost = 0, departures = 0, arrivals = 0;
  Counters counters;
  sim::FaultCounts faults;

  void add(const Tally& other);
  std::string to_string() const;
};

struct Verdict {
  std::vector<std::string> violations;
  Tally tally;
};

// What kind of trouble a case has: none; devices whose memory is too small for all; or that and
// faults and cancels. Only the last one excuses a run that fails.
enum class Trouble : std::uint8_t { none, tight, some };

Verdict judge(std::uint64_t seed, Trouble trouble);

}  // namespace troika::oracle
