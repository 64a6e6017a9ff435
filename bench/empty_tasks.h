// Graphs of empty tasks on several runtimes, one after the other within each repeat.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "bench/contestant.h"
#include "bench/report.h"
#include "examples/command.h"

namespace troika::bench {

struct Contest {
  std::vector<std::unique_ptr<Contestant>> contestants;
  std::vector<NotRun> not_run;
};

struct ContestOptions {
  unsigned threads = 2;
  unsigned repeats = 7;
  std::uint32_t scale = 1;           // divides the number of tasks
  std::vector<std::uint32_t> tasks;  // of each graph, instead; several: one after the other
  std::string graph;                 // this one only; empty: all
  bool alone = false;                // Troika and the floor only
};
void add_options(Command& command, ContestOptions& options);

// Everyone who runs in this process; Troika first, then the floor.
inline constexpr std::size_t floor_place = 1;
Contest contest(const ContestOptions& options);

// What one contestant did with one graph.
struct Standing {
  std::string graph;
  std::size_t contestant = 0;
  std::uint32_t tasks = 0;
  std::vector<double> build, replay;  // by repeat
  std::optional<double> bytes;
};
// By graph, its size, then contestant.
std::vector<Standing> hold(Contest& contest, const ContestOptions& options);

// Who took part, for the report.
Table about(const Contest& contest);
// "2 threads, 7 interleaved repeats".
std::string how(const ContestOptions& options);

}  // namespace troika::bench
