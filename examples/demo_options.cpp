#include "examples/demo_options.h"

#include "examples/command.h"
#include "runtime/sched/policy.h"

namespace troika::demo {

std::optional<Options> read_options(int argc, char** argv, int& exit_code) {
  Options options;
  options.picture = TROIKA_DEMO_PICTURE;
  CommandLine line{
      "Brings out the structure of a photograph on every processor of this machine at once, and "
      "checks every pixel against the plain reference."};
  Command command{line};
  command.positional("PICTURE", options.picture,
                     "a PNG or JPEG file; default: a photograph of galaxies");
  command.text("--policy", options.policy, "who runs what next",
               {policy_names().begin(), policy_names().end()});
  command.texts("--devices", options.devices,
                "names (host, pocl0) or backends (opencl) to use, with commas; default: all");
  command.count("--tiles", options.tiles, {1, 100'000},
                "about how many tiles to cut the picture into");
  command.count("--enlarge", options.factor, {1, 64},
                "how many times as wide and high to make it; default: to eight megapixels");
  command.count("--repeat", options.repeats, {1, 1'000}, "how often to measure; medians are shown");
  command.text("--json", options.json, "write the results to this file");
  command.text("--output", options.output, "write the picture (PNG) to this file");
  command.text("--trace", options.trace,
               "write the trace (for ui.perfetto.dev) to this file; \"\" for none");
  command.text("--report", options.report,
               "write the report of the trace (HTML) to this file; \"\" for none");
  if (const auto status = line.parse(argc, argv)) {
    exit_code = *status;
    return std::nullopt;
  }
  return options;
}

}  // namespace troika::demo
