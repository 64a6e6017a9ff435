// troika-onnx: tries, times and describes models.
#include <exception>
#include <iostream>

#include "serving/onnx/operators.h"
#include "serving/onnx/program/commands.h"

namespace troika::onnx {

Subcommand operators_command(CommandLine& line) {
  return {Command{line, "operators", "Prints the page operators.md."}, [] {
            std::cout << operators_page();
            return 0;
          }};
}

}  // namespace troika::onnx

int main(int argc, char** argv) {
  using namespace troika;
  using namespace troika::onnx;
  CommandLine line{"Runs models in ONNX's format on Troika."};
  const Subcommand subcommands[] = {check_command(line), time_command(line),
                                    operators_command(line)};
  if (const auto status = line.parse(argc, argv)) return *status;
  try {
    for (const Subcommand& subcommand : subcommands)
      if (subcommand.options.given()) return subcommand.run();
  } catch (const std::exception& error) {
    std::cerr << "troika-onnx: " << error.what() << '\n';
    return 1;
  }
  return 0;
}
