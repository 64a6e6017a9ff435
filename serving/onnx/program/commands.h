// The subcommands of troika-onnx: one a file.
#pragma once

#include <functional>

#include <CLI/App.hpp>

namespace troika::onnx {

// The options are the subcommand's; `run` does its work once they are parsed and returns the exit
// status.
struct Subcommand {
  CLI::App* options = nullptr;
  std::function<int()> run;
};

Subcommand check_command(CLI::App& program);
Subcommand time_command(CLI::App& program);
Subcommand operators_command(CLI::App& program);

}  // namespace troika::onnx
