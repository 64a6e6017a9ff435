#include "tests/sim/oracle.h"

#include <cstdlib>
#include <iostream>
#include <string>

#include <gtest/gtest.h>

namespace troika::oracle {
namespace {

// TROIKA_SEEDS: how many; TROIKA_SEED: one alone, to replay a failure.
std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text != nullptr ? std::strtoull(text, nullptr, 10) : otherwise;
}

Tally judge_all(Trouble trouble) {
  const std::uint64_t only = from_environment("TROIKA_SEED", 0);
  const std::uint64_t count = from_environment("TROIKA_SEEDS", 500);
  Tally tally;
  int bad = 0;
  for (std::uint64_t seed = only != 0 ? only : 1; seed <= (only != 0 ? only : count); ++seed) {
    const Verdict verdict = judge(seed, trouble);
    tally.add(verdict.tally);
    for (const std::string& text : verdict.violations)
      ADD_FAILURE() << "seed " << seed << ": " << text;
    if (!verdict.violations.empty() && ++bad == 5) break;
  }
  std::cout << tally.to_string() << '\n';
  return tally;
}

TEST(Oracle, random_graphs_on_random_machines_equal_a_serial_run) {
  const Tally tally = judge_all(Trouble::none);
  EXPECT_EQ(tally.runs_failed, 0u);
  if (tally.cases < 500) return;
  EXPECT_GT(tally.departures, 0u);
  EXPECT_GT(tally.arrivals, 0u);
  EXPECT_GT(tally.counters.copies, 0u);
  EXPECT_GT(tally.counters.hand_overs, 0u);
  EXPECT_GT(tally.counters.leases, 0u);
  EXPECT_GT(tally.counters.leases_refused, 0u);
}

TEST(Oracle, too_little_memory_on_devices_costs_copies_and_never_a_run) {
  const Tally tally = judge_all(Trouble::tight);
  EXPECT_EQ(tally.runs_failed, 0u);
  if (tally.cases < 500) return;
  EXPECT_GT(tally.counters.evictions, 0u);
  EXPECT_GT(tally.counters.write_backs, 0u);
}

TEST(Oracle, faults_are_recovered_or_reported_and_never_change_what_is_said_to_be_done) {
  const Tally tally = judge_all(Trouble::some);
  if (tally.cases < 500) return;
  for (std::size_t kind = 0; kind < sim::fault_kinds; ++kind)
    EXPECT_GT(tally.faults[static_cast<sim::FaultKind>(kind)], 0u)
        << name_of(static_cast<sim::FaultKind>(kind)) << " never struck";
  EXPECT_GT(tally.counters.recovered, 0u);
  EXPECT_GT(tally.counters.recalled, 0u);
  EXPECT_GT(tally.counters.tasks_failed, 0u);
  EXPECT_GT(tally.counters.tasks_poisoned, 0u);
  EXPECT_GT(tally.counters.tasks_cancelled, 0u);
  EXPECT_GT(tally.counters.reads_refused, 0u);
  EXPECT_GT(tally.counters.devices_lost, 0u);
  EXPECT_GT(tally.departures, 0u);
  EXPECT_GT(tally.arrivals, 0u);
  EXPECT_GT(tally.counters.evictions, 0u);
  EXPECT_GT(tally.counters.write_backs, 0u);
  EXPECT_GT(tally.counters.leases, 0u);
  EXPECT_GT(tally.counters.leases_refused, 0u);
}

}  // namespace
}  // namespace troika::oracle
