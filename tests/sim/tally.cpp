// What many judged cases add up to.
#include <sstream>

#include "tests/sim/oracle.h"

namespace troika::oracle {

void Tally::add(const Tally& other) {
  cases += other.cases;
  runs += other.runs;
  runs_failed += other.runs_failed;
  runs_cancelled += other.runs_cancelled;
  tasks += other.tasks;
  pieces_lost += other.pieces_lost;
  departures += other.departures;
  arrivals += other.arrivals;
  const Counters& c = other.counters;
  counters.bytes_copied += c.bytes_copied;
  counters.bytes_handed_over += c.bytes_handed_over;
  counters.copies += c.copies;
  counters.hand_overs += c.hand_overs;
  counters.tasks_done += c.tasks_done;
  counters.attempts_failed += c.attempts_failed;
  counters.recovered += c.recovered;
  counters.recalled += c.recalled;
  counters.tasks_failed += c.tasks_failed;
  counters.tasks_poisoned += c.tasks_poisoned;
  counters.tasks_cancelled += c.tasks_cancelled;
  counters.reads_refused += c.reads_refused;
  counters.devices_lost += c.devices_lost;
  counters.evictions += c.evictions;
  counters.write_backs += c.write_backs;
  counters.leases += c.leases;
  counters.leases_refused += c.leases_refused;
  counters.quarantined_bytes += c.quarantined_bytes;
  for (std::size_t k = 0; k < sim::fault_kinds; ++k) {
    const auto kind = static_cast<sim::FaultKind>(k);
    for (std::uint64_t i = 0; i < other.faults[kind]; ++i) faults.add(kind);
  }
}

std::string Tally::to_string() const {
  std::ostringstream text;
  text << cases << " cases, " << runs << " runs (" << runs_failed << " failed, " << runs_cancelled
       << " cancelled), " << tasks << " tasks\n  faults struck:";
  for (std::size_t k = 0; k < sim::fault_kinds; ++k) {
    const auto kind = static_cast<sim::FaultKind>(k);
    text << (k ? ", " : " ") << name_of(kind) << ' ' << faults[kind];
  }
  text << "\n  attempts failed " << counters.attempts_failed << ": tasks recovered "
       << counters.recovered << ", recalled " << counters.recalled << ", failed "
       << counters.tasks_failed << ", poisoned " << counters.tasks_poisoned << ", cancelled "
       << counters.tasks_cancelled << "; reads refused as data_lost " << counters.reads_refused
       << ", words lost " << pieces_lost << "\n  devices lost " << counters.devices_lost
       << ", evictions " << counters.evictions << ", write-backs " << counters.write_backs
       << ", copies " << counters.copies << ", hand-overs " << counters.hand_overs
       << ", bytes quarantined " << counters.quarantined_bytes << "\n  runs of the host lane "
       << counters.leases << ", done task by task instead " << counters.leases_refused
       << "; devices that left service " << departures << ", that came later " << arrivals;
  return text.str();
}

}  // namespace troika::oracle
