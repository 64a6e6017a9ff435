// troika-onnx: tries, times and describes models.
#include <exception>
#include <iostream>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "serving/onnx/operators.h"
#include "serving/onnx/program/commands.h"

namespace troika::onnx {

Subcommand operators_command(CLI::App& program) {
  return {program.add_subcommand("operators", "Prints the page operators.md."), [] {
            std::cout << operators_page();
            return 0;
          }};
}

}  // namespace troika::onnx

int main(int argc, char** argv) {
  using namespace troika::onnx;
  CLI::App program{"Runs models in ONNX's format on Troika."};
  program.require_subcommand(1);
  const Subcommand subcommands[] = {check_command(program), time_command(program),
                                    operators_command(program)};
  try {
    program.parse(argc, argv);
    for (const Subcommand& subcommand : subcommands)
      if (subcommand.options->parsed()) return subcommand.run();
  } catch (const CLI::ParseError& error) {
    return program.exit(error);
  } catch (const std::exception& error) {
    std::cerr << "troika-onnx: " << error.what() << '\n';
    return 1;
  }
  return 0;
}
