#include "examples/demo_options.h"

#include <CLI/CLI.hpp>

#include "runtime/sched/policy.h"

namespace troika::demo {

std::optional<Options> read_options(int argc, char** argv, int& exit_code) {
  Options options;
  options.picture = TROIKA_DEMO_PICTURE;
  CLI::App app{
      "Brings out the structure of a photograph on every processor of this machine at once, and "
      "checks every pixel against the plain reference."};
  app.name("demo");
  app.add_option("PICTURE", options.picture,
                 "a PNG or JPEG file; default: a photograph of galaxies");
  app.add_option("--policy", options.policy, "who runs what next")
      ->check(CLI::IsMember(std::vector<std::string>{policy_names().begin(), policy_names().end()}))
      ->capture_default_str();
  app.add_option("--devices", options.devices,
                 "names (host, pocl0) or backends (opencl) to use, with commas; default: all")
      ->delimiter(',');
  app.add_option("--tiles", options.tiles, "about how many tiles to cut the picture into")
      ->check(CLI::Range(1, 100'000));
  app.add_option("--repeat", options.repeats, "how often to measure; medians are shown")
      ->check(CLI::Range(1, 1'000))
      ->capture_default_str();
  app.add_option("--json", options.json, "write the results to this file");
  app.add_option("--output", options.output, "write the picture (PNG) to this file")
      ->capture_default_str();
  app.add_option("--trace", options.trace,
                 "write the trace (for ui.perfetto.dev) to this file; \"\" for none")
      ->capture_default_str();
  app.add_option("--report", options.report,
                 "write the report of the trace (HTML) to this file; \"\" for none")
      ->capture_default_str();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    exit_code = app.exit(error);
    return std::nullopt;
  }
  return options;
}

}  // namespace troika::demo
