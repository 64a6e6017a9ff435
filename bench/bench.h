// The subcommands of troika-bench: one a file, all of one form.
#pragma once

#include <functional>

#include "bench/report.h"
#include "examples/command.h"

namespace troika::bench {

// `measure` does its work once the options are parsed.
struct Subcommand {
  Command options;
  std::function<Report()> measure;
};

Subcommand compare(CommandLine& line);
Subcommand devices(CommandLine& line);
Subcommand graph(CommandLine& line);
Subcommand inferred(CommandLine& line);
Subcommand overhead(CommandLine& line);
Subcommand round_trip(CommandLine& line);
Subcommand schedule(CommandLine& line);
Subcommand serve(CommandLine& line);
Subcommand serve_sim(CommandLine& line);
Subcommand strand(CommandLine& line);
Subcommand tracing(CommandLine& line);
Subcommand transfer(CommandLine& line);
Subcommand vector_adds(CommandLine& line);

}  // namespace troika::bench
