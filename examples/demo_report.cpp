#include "examples/demo_report.h"

#include <algorithm>
#include <fstream>
#include <iomanip>
#include <ostream>

#include <nlohmann/json.hpp>

namespace troika::demo {
namespace {

bool share_cores(const DeviceInfo& a, const DeviceInfo& b) {
  return std::any_of(a.cores.begin(), a.cores.end(), [&](unsigned core) {
    return std::find(b.cores.begin(), b.cores.end(), core) != b.cores.end();
  });
}

std::string megabytes(std::uint64_t bytes) {
  return std::to_string(bytes) + " (" + std::to_string((bytes + 500'000) / 1'000'000) + " MB)";
}

void print_times(std::ostream& out, const std::string& who, const Times& times) {
  const double last = times.observed.back(), predicted = times.predicted.back();
  out << "  " << std::left << std::setw(14) << who << std::right << std::fixed
      << std::setprecision(1) << std::setw(9) << times.median() << " ms" << std::setw(9) << last
      << " ms" << std::setw(9) << predicted << " ms" << std::showpos << std::setprecision(0)
      << std::setw(6) << 100 * (predicted / last - 1) << std::noshowpos << " %\n";
}

}  // namespace

void print_devices(std::ostream& out, Runtime& runtime, const std::vector<std::string>& used) {
  out << "Devices\n";
  const auto devices = runtime.devices();
  for (const auto& device : devices) {
    const DeviceInfo& info = device->info();
    const bool takes_part = std::find(used.begin(), used.end(), info.name) != used.end();
    out << "  " << std::left << std::setw(10) << info.name << std::right << info.description << ", "
        << info.lanes << (info.lanes == 1 ? " lane" : " lanes")
        << (takes_part ? "" : " (not used: not among --devices)") << "\n";
  }
  for (const Missing& missing : runtime.missing())
    out << "  missing   " << missing.what << ": " << missing.why.to_string() << "\n";
  for (std::size_t a = 0; a < devices.size(); ++a)
    for (std::size_t b = a + 1; b < devices.size(); ++b)
      if (share_cores(devices[a]->info(), devices[b]->info()))
        out << "  note      " << devices[a]->info().name << " and " << devices[b]->info().name
            << " run on the same CPU cores: together they can hardly be faster than the better "
               "one\n";
}

void print(std::ostream& out, const Report& report) {
  out << "\nTasks (" << report.together.observed.size() << " runs of " << report.tasks << ")\n";
  for (std::size_t d = 0; d < report.devices.size(); ++d)
    out << "  " << std::left << std::setw(14) << report.devices[d] << std::right << std::setw(10)
        << report.tasks_by_device[d] << "\n";
  out << "\nBytes\n  copied        " << megabytes(report.bytes_copied) << "\n  handed over   "
      << megabytes(report.bytes_handed_over)
      << ": made visible to the other device where they are, none moved\n";
  out << "\nMakespan           median   last run  predicted\n";
  double best = 0;
  for (const Alone& alone : report.alone) {
    print_times(out, alone.device + " alone", alone.times);
    const double time = alone.times.median();
    best = best == 0 ? time : std::min(best, time);
  }
  print_times(out, report.alone.size() == 1 ? "once more" : "all together", report.together);
  out << std::setprecision(2) << "  throughput of all together: " << best / report.together.median()
      << " x the best device alone\n"
      << "  predicted before the last run, from the times of tasks so far, as the policy would "
         "place "
         "them,\n  and from what earlier runs took beyond that (all together: x "
      << report.together.observed.back() / report.together.forecast.back() << ")\n";
}

Status write_json(const std::string& path, const Report& report) {
  nlohmann::ordered_json json;
  json["exact"] = report.exact;
  json["devices"] = report.devices;
  for (std::size_t d = 0; d < report.devices.size(); ++d)
    json["tasks_by_device"][report.devices[d]] = report.tasks_by_device[d];
  json["bytes_copied"] = report.bytes_copied;
  json["bytes_handed_over"] = report.bytes_handed_over;
  for (const Alone& alone : report.alone) {
    json["makespan_ms"][alone.device] = alone.times.median();
    json["runs_ms"][alone.device] = alone.times.observed;
  }
  json["makespan_ms"]["all"] = report.together.median();
  json["runs_ms"]["all"] = report.together.observed;
  json["predicted_ms"] = report.together.predicted.back();
  std::ofstream file{path};
  file << json.dump(2) << "\n";
  file.close();
  if (!file) return {Code::unavailable, "cannot write " + path};
  return {};
}

}  // namespace troika::demo
