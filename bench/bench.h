// The subcommands of troika-bench: each adds itself to the program.
#pragma once

#include <CLI/App.hpp>

namespace troika::bench {

void add_overhead(CLI::App& program);
void add_tracing(CLI::App& program);
void add_vector_adds(CLI::App& program);

}  // namespace troika::bench
