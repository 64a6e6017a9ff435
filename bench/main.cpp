// troika-bench: what this machine and this build do, one subcommand a question.
#include <exception>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <thread>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <nlohmann/json.hpp>

#include "bench/bench.h"

namespace troika::bench {
namespace {

std::string command_line(int argc, char** argv) {
  std::string line = "troika-bench";
  for (int i = 1; i < argc; ++i) line += ' ' + std::string{argv[i]};
  return line;
}

std::string machine() {
  std::ifstream cpus{"/proc/cpuinfo"};
  std::string model = "a CPU that does not say its model";
  for (std::string line; std::getline(cpus, line);)
    if (line.starts_with("model name")) model = line.substr(line.find(':') + 2);
  return model + ", " + std::to_string(std::thread::hardware_concurrency()) + " CPUs";
}

void write(const std::string& path, const std::string& text) {
  std::ofstream file{path};
  file << text;
  if (!file.flush()) throw std::runtime_error("cannot write " + path);
}

}  // namespace
}  // namespace troika::bench

int main(int argc, char** argv) {
  using namespace troika::bench;
  CLI::App program{"Measures Troika on this machine."};
  program.require_subcommand(1);
  std::string json, html;
  const Subcommand subcommands[] = {devices(program),  overhead(program),   compare(program),
                                    inferred(program), round_trip(program), strand(program),
                                    tracing(program),  transfer(program),   graph(program),
                                    schedule(program), serve(program),      vector_adds(program)};
  for (const Subcommand& subcommand : subcommands) {
    subcommand.options->add_option("--json", json, "writes the figures here");
    subcommand.options->add_option("--html", html, "writes a page with plots here");
  }
  try {
    program.parse(argc, argv);
    for (const Subcommand& subcommand : subcommands) {
      if (!subcommand.options->parsed()) continue;
      Report report = subcommand.measure();
      report.command = command_line(argc, argv);
      report.machine = machine();
      print(report, std::cout);
      if (!json.empty()) write(json, json_of(report).dump(2) + '\n');
      if (!html.empty()) write(html, html_of(report));
    }
  } catch (const CLI::ParseError& error) {
    return program.exit(error);
  } catch (const std::exception& error) {
    std::cerr << "troika-bench: " << error.what() << '\n';
    return 1;
  }
  return 0;
}
