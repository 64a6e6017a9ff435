// Brings out the structure of a photograph on every processor at once: scripts/demo [PICTURE].
//
//   picture ──> enlarge ─> luma ─┬─> histogram ══(all tiles)══> tone_curve ─┐
//                   │            ├─> smooth ─┬─> blur_rows ─> blur_columns ─┼─> sharpen ─> exposure
//                   │            │           └─> edges ─────────────────────┘      │
//                   └────────────┴─────────────────────────────────────────────────┴─> compose
//
// each on some sixty tiles; kernels/README.md has the details.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <numeric>

#include "examples/demo_job.h"
#include "examples/demo_options.h"
#include "examples/demo_report.h"
#include "examples/picture.h"
#include "examples/progress.h"

namespace troika::demo {
namespace {

std::vector<std::string> names_of(Runtime& runtime, const std::vector<std::string>& wanted) {
  std::vector<std::string> names;
  for (const auto& device : runtime.devices()) {
    const DeviceInfo& info = device->info();
    if (wanted.empty() || info.is_among(wanted)) names.push_back(info.name);
  }
  return names;
}

Status make_folder_of(const std::string& path) {
  const auto folder = std::filesystem::path{path}.parent_path();
  std::error_code error;
  if (!folder.empty()) std::filesystem::create_directories(folder, error);
  if (error) return {Code::unavailable, folder.string() + ": " + error.message()};
  return {};
}

// Nothing where no path is given.
Status write_file(const std::string& path, const std::function<void(std::ostream&)>& write) {
  if (path.empty()) return {};
  TROIKA_TRY(make_folder_of(path));
  std::ofstream file{path};
  write(file);
  file.close();
  if (!file) return {Code::unavailable, "cannot write " + path};
  return {};
}

TraceLevel trace_level(const Options& options) {
  return options.trace.empty() && options.report.empty() ? TraceLevel::off : TraceLevel::standard;
}

// The order of a round's jobs. Each leaves caches and clocks to the next, and after some it is
// slower to run: so each follows each other one about as often.
std::vector<std::size_t> round_of(unsigned repeat, std::size_t jobs) {
  std::vector<std::size_t> order(jobs);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::rotate(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(repeat / 2 % jobs),
              order.end());
  if (repeat % 2 != 0) std::reverse(order.begin(), order.end());
  return order;
}

// All runs of one round follow each other, so that a machine that slows down slows all of them.
Status run_all(const Options& options) {
  TROIKA_ASSIGN(const Picture source, read_picture(options.picture));
  const PipelineShape shape =
      pipeline_shape(source.width, source.height, static_cast<int>(options.tiles),
                     static_cast<int>(options.factor));
  Job together{{options.policy, options.devices, trace_level(options)}, source, shape};
  Report report;
  report.devices = names_of(together.runtime(), options.devices);
  report.tasks = together.tasks();
  print_devices(std::cout, together.runtime(), report.devices);
  std::cout << "\nPicture " << options.picture << ", " << source.width << " x " << source.height
            << ", enlarged to " << shape.width() << " x " << shape.height() << "; " << report.tasks
            << " tasks on " << shape.tiles() << " tiles, policy " << options.policy << std::endl;

  std::vector<std::unique_ptr<Job>> alone;
  for (const std::string& device : report.devices)
    alone.push_back(std::make_unique<Job>(JobOptions{options.policy, {device}}, source, shape));
  const int runs = static_cast<int>(options.repeats * (alone.size() + 1));
  Progress progress{runs + 4};
  progress.step("reference");
  const PipelineResult expected = pipeline_reference(source, shape.factor);

  Status difference;
  const auto run = [&](Job& job, const std::string& who, int repeat) {
    progress.step(who + ", run " + std::to_string(repeat + 1));
    job.run();
    const Status same = compare(job.result(), expected);
    if (difference.ok() && !same.ok()) difference = same.within("run on " + who);
  };
  for (unsigned repeat = 0; repeat < options.repeats; ++repeat)
    for (const std::size_t job : round_of(repeat, alone.size() + 1))
      if (job == 0) run(together, "all together", repeat);
      else run(*alone[job - 1], report.devices[job - 1], repeat);

  progress.step("writing " + options.output);
  TROIKA_TRY(make_folder_of(options.output));
  TROIKA_TRY(write_png(options.output, together.result().picture));
  TROIKA_TRY(write_file(options.trace, [&](auto& out) { together.runtime().write_trace(out); }));
  for (const std::string& name : report.devices)
    for (std::size_t d = 0; d < together.runtime().devices().size(); ++d)
      if (together.runtime().devices()[d]->info().name == name)
        report.tasks_by_device.push_back(together.tasks_by_device()[d]);
  const Counters counters = together.runtime().counters();
  report.exact = difference.ok();
  report.bytes_copied = counters.bytes_copied;
  report.bytes_handed_over = counters.bytes_handed_over;
  for (std::size_t i = 0; i < alone.size(); ++i)
    report.alone.push_back({report.devices[i], alone[i]->times()});
  report.together = together.times();
  if (!options.report.empty()) {
    progress.step("writing " + options.report);
    together.run_explained();
    TROIKA_TRY(
        write_file(options.report, [&](auto& out) { together.runtime().write_report(out); }));
  }
  progress.clear();
  print(std::cout, report);
  std::cout << "\n"
            << options.output << " is written"
            << (options.trace.empty() ? "" : ", " + options.trace + " for ui.perfetto.dev")
            << (options.report.empty() ? "" : ", " + options.report + " for a browser") << "\n";
  if (!options.json.empty()) TROIKA_TRY(write_json(options.json, report));
  if (difference.ok()) std::cout << "Every pixel of every run equals the reference's.\n";
  return difference;
}

}  // namespace
}  // namespace troika::demo

int main(int argc, char** argv) {
  int exit_code = 0;
  const auto options = troika::demo::read_options(argc, argv, exit_code);
  if (!options) return exit_code;
  try {
    const troika::Status status = troika::demo::run_all(*options);
    if (status.ok()) return 0;
    std::cerr << "demo: " << status.to_string() << "\n";
  } catch (const troika::Error& error) {
    std::cerr << "demo: " << error.what() << "\n";
  }
  return 1;
}
