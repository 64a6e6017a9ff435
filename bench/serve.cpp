// troika-bench serve: Troika's backend in a real Triton server beside others, under the same loads.
// What starts the servers and the load client is a script (bench/serve/serve.py); its figures
// become a report here.
#include <array>
#include <cstdio>
#include <filesystem>
#include <stdexcept>

#include <nlohmann/json.hpp>

#include "bench/bench.h"

namespace troika::bench {
namespace {

using nlohmann::ordered_json;

struct Options {
  std::vector<std::string> models{"mlp", "cnn", "cls"};
  std::vector<std::string> backends{"troika", "onnxruntime", "python"};
  std::vector<std::string> protocols{"grpc", "http"};
  std::vector<unsigned> at_once{1, 8, 64};
  std::string parts;
  double seconds = 3, bound_ms = 20;
  unsigned repeats = 3;
  bool sweep = true;
};

ordered_json json_of(const Options& options) {
  return {{"models", options.models},
          {"backends", options.backends},
          {"protocols", options.protocols},
          {"concurrency", options.at_once},
          {"parts", options.parts.empty() ? ordered_json::array()
                                          : ordered_json::parse('[' + options.parts + ']')},
          {"seconds", options.seconds},
          {"bound_ms", options.bound_ms},
          {"repeats", options.repeats},
          {"sweep", options.sweep}};
}

Cell cell_of(const ordered_json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number_unsigned()) return value.get<std::uint64_t>();
  if (value.is_number()) return value.get<double>();
  if (value.is_array())
    return Summary{value.at(0).get<double>(), value.at(1).get<double>(), value.at(2).get<double>()};
  return {};
}

Table table_of(const ordered_json& json) {
  Table table{json.at("key"), json.at("title"), {}, {}};
  for (const auto& column : json.at("columns"))
    table.columns.push_back({column.at("key"), column.at("heading"), column.at("unit"),
                             column.at("decimals").get<int>(),
                             column.at("key").get<std::string>().ends_with("_ratio")});
  for (const auto& row : json.at("rows")) {
    table.rows.emplace_back();
    for (const auto& value : row) table.rows.back().push_back(cell_of(value));
  }
  return table;
}

// What the script prints. It has the interpreter that `scripts/setup --serving` made.
std::string output_of(const Options& options) {
  const std::filesystem::path root{TROIKA_SOURCE};
  const auto python = root / "build/pypi/serving/bin/python";
  if (!exists(python))
    throw std::runtime_error("the Triton server is not installed (scripts/setup --serving)");
  const auto build = std::filesystem::read_symlink("/proc/self/exe").parent_path().parent_path();
  if (!exists(build / "bin/troika-bench-load"))
    throw std::runtime_error(
        "troika-bench-load is not built (scripts/setup --serving, then "
        "configure and build again)");
  const std::string command = "TROIKA_BUILD='" + build.string() + "' '" + python.string() + "' '" +
                              (root / "bench/serve/serve.py").string() + "' '" +
                              json_of(options).dump() + "'";
  std::FILE* const pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) throw std::runtime_error("no process can be started");
  std::string text;
  std::array<char, 4096> part{};
  for (std::size_t bytes = 0; (bytes = std::fread(part.data(), 1, part.size(), pipe)) != 0;)
    text.append(part.data(), bytes);
  if (pclose(pipe) != 0) throw std::runtime_error("bench/serve/serve.py failed, see above");
  return text;
}

Report measure(const Options& options) {
  const ordered_json found = ordered_json::parse(output_of(options));
  Report report;
  report.title = "Models in a Triton server";
  report.notes = {
      "each backend has a server of its own; client and servers share this machine's CPUs",
      "rivals run in the best of the settings tried (table `settings`), Troika as it comes"};
  for (const auto& table : found.at("tables")) report.tables.push_back(table_of(table));
  for (const auto& missing : found.at("not_run"))
    report.not_run.push_back({missing.at("what"), missing.at("why")});
  return report;
}

}  // namespace

Subcommand serve(CommandLine& line) {
  auto options = std::make_shared<Options>();
  Command command{line, "serve",
                  "Models in a Triton server: Troika's backend beside one that calls ONNX Runtime "
                  "and the server's Python backend with it."};
  command.texts("--models", options->models, "models, with commas", {"mlp", "cnn", "cls"});
  command.texts("--backends", options->backends, "backends, with commas",
                {"troika", "onnxruntime", "python"});
  command.texts("--protocols", options->protocols, "protocols, with commas", {"grpc", "http"});
  command.counts("--at-once", options->at_once, {1, 500},
                 "closed loops: requests always under way, with commas");
  command.text("--open", options->parts,
               "open loops: parts of ONNX Runtime's capacity at which requests come, with commas");
  command.number("--bound-ms", options->bound_ms, 1, 10'000,
                 "open loops: an answer later than this is no good one");
  command.number("--seconds", options->seconds, 0.5, 3600, "of each measurement");
  command.count("--repeats", options->repeats, {1, 100}, "of each, the backends in turn");
  command.flag("!--no-sweep", options->sweep, "do not look for the rivals' best settings");
  return {command, [options] { return measure(*options); }};
}

}  // namespace troika::bench
