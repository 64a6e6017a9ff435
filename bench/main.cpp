// troika-bench: what this machine and this build do, one subcommand a question.
#include <exception>
#include <iostream>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "bench/bench.h"

int main(int argc, char** argv) {
  CLI::App program{"Measures Troika on this machine."};
  program.require_subcommand(1);
  troika::bench::add_overhead(program);
  troika::bench::add_tracing(program);
  troika::bench::add_vector_adds(program);
  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return program.exit(error);
  } catch (const std::exception& error) {
    std::cerr << "troika-bench: " << error.what() << '\n';
    return 1;
  }
  return 0;
}
