// troika-bench transfer: from device to device, in each mode of memory, by size.
#include "bench/bench.h"
#include "bench/transfers.h"
#include "examples/progress.h"

namespace troika::bench {
namespace {

struct Options {
  unsigned repeats = 15;
  std::vector<std::size_t> kilobytes{4, 64, 1024, 16 * 1024, 64 * 1024};
  std::vector<std::string> modes{"host_pointer", "separate"};
};

std::string moved(const Transfer& transfer) {
  if (transfer.bytes_copied > 0) return "copied";
  return transfer.bytes_handed_over > 0 ? "handed over" : "nothing to do";
}

std::vector<Cell> row_of(const std::string& way, const std::string& mode, std::size_t bytes,
                         const Transfer& transfer) {
  const Summary time = summary_of(transfer.micros);
  const double bytes_per_nano = static_cast<double>(bytes) / (1e3 * time.median);
  return {way + ", memory=" + mode,
          std::to_string(bytes / 1024) + " KB",
          std::uint64_t{bytes},
          moved(transfer),
          time,
          summary_of(transfer.launch_micros),
          transfer.bytes_copied > 0 ? Cell{bytes_per_nano} : Cell{},
          transfer.bytes_copied,
          transfer.bytes_handed_over};
}

// Every ordered pair of devices of one runtime.
void measure_mode(const Options& options, const std::string& mode, Table& table, Report& report,
                  Progress& progress) {
  RuntimeOptions wanted;
  wanted.backends = "opencl.memory=" + mode;
  Runtime runtime{wanted};
  throw_if_failed(define_touches(runtime.kernels()));
  for (const Missing& missing : runtime.missing())
    report.not_run.push_back({missing.what + ", memory=" + mode, missing.why.to_string()});
  for (const auto& from : runtime.devices())
    for (const auto& to : runtime.devices()) {
      if (from == to) continue;
      const std::string way = from->info().name + " to " + to->info().name;
      progress.step(way + ", " + mode);
      for (const std::size_t kilobytes : options.kilobytes)
        table.rows.push_back(row_of(way, mode, kilobytes * 1024,
                                    measure_transfer(runtime, from->info().name, to->info().name,
                                                     kilobytes * 1024, options.repeats)));
    }
}

Report measure(const Options& options) {
  Report report;
  report.title = "Bytes from device to device";
  Table table{"rows",
              std::to_string(options.repeats) + " repeats; median (least - most)",
              {{"way", "way", ""},
               {"size", "size", ""},
               {"bytes", "size", "bytes"},
               {"moved", "how", ""},
               {"us", "run behind the writer", "us", 1, true},
               {"launch_us", "run once more", "us"},
               {"gb_per_s", "rate", "GB/s", 2},
               {"bytes_copied", "copied", "bytes"},
               {"bytes_handed_over", "handed over", "bytes"}},
              {}};
  Progress progress{static_cast<int>(2 * options.modes.size())};
  for (const std::string& mode : options.modes)
    measure_mode(options, mode, table, report, progress);
  report.tables = {std::move(table)};
  report.notes = {
      "a run is one empty kernel that reads the buffer; once more is the same when the bytes are "
      "there, so the difference is their way. The rate is of the whole run",
      "memory=separate keeps OpenCL devices from sharing the host's memory, though they could"};
  return report;
}

}  // namespace

Subcommand transfer(CommandLine& line) {
  auto options = std::make_shared<Options>();
  Command command{line, "transfer",
                  "Time of bytes from device to device, handed over or copied, by size."};
  command.count("--repeats", options->repeats, {1, 1000}, "of each");
  command.counts("--kilobytes", options->kilobytes, {1, 1024 * 1024}, "sizes, with commas");
  command.texts("--memory", options->modes, "modes of OpenCL's memory, with commas",
                {"host_pointer", "svm", "separate"});
  return {command, [options] { return measure(*options); }};
}

}  // namespace troika::bench
