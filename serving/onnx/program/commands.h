// The subcommands of troika-onnx: one a file.
#pragma once

#include <functional>

#include "examples/command.h"

namespace troika::onnx {

// `run` does its work once the options are parsed, and returns the exit status.
struct Subcommand {
  Command options;
  std::function<int()> run;
};

Subcommand check_command(CommandLine& line);
Subcommand time_command(CommandLine& line);
Subcommand operators_command(CommandLine& line);

}  // namespace troika::onnx
