// troika-bench: what this machine and this build do, one subcommand a question.
#include <exception>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <thread>

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
  using namespace troika;
  using namespace troika::bench;
  CommandLine line{"Measures Troika on this machine."};
  std::string json, html;
  Subcommand subcommands[] = {devices(line),    overhead(line), compare(line), inferred(line),
                              round_trip(line), strand(line),   tracing(line), transfer(line),
                              graph(line),      schedule(line), serve(line),   serve_sim(line),
                              vector_adds(line)};
  for (Subcommand& subcommand : subcommands) {
    subcommand.options.text("--json", json, "writes the figures here");
    subcommand.options.text("--html", html, "writes a page with plots here");
  }
  if (const auto status = line.parse(argc, argv)) return *status;
  try {
    for (const Subcommand& subcommand : subcommands) {
      if (!subcommand.options.given()) continue;
      bench::Report report = subcommand.measure();
      report.command = command_line(argc, argv);
      report.machine = machine();
      print(report, std::cout);
      if (!json.empty()) write(json, json_of(report));
      if (!html.empty()) write(html, html_of(report));
    }
  } catch (const std::exception& error) {
    std::cerr << "troika-bench: " << error.what() << '\n';
    return 1;
  }
  return 0;
}
