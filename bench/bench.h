// The subcommands of troika-bench: one a file, all of one form.
#pragma once

#include <functional>

#include "bench/command.h"
#include "bench/report.h"

namespace troika::bench {

// The options are the subcommand's; `measure` does its work once they are parsed.
struct Subcommand {
  CLI::App* options = nullptr;
  std::function<Report()> measure;
};

Subcommand compare(CLI::App& program);
Subcommand devices(CLI::App& program);
Subcommand graph(CLI::App& program);
Subcommand inferred(CLI::App& program);
Subcommand overhead(CLI::App& program);
Subcommand round_trip(CLI::App& program);
Subcommand schedule(CLI::App& program);
Subcommand serve(CLI::App& program);
Subcommand strand(CLI::App& program);
Subcommand tracing(CLI::App& program);
Subcommand transfer(CLI::App& program);
Subcommand vector_adds(CLI::App& program);

}  // namespace troika::bench
