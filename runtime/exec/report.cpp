// What a runtime can say of itself: the trace, the graphs of its runs, devices and counters.
#include <algorithm>

#include "runtime/exec/core.h"

namespace troika {
namespace {

Report::Graph described(const RunLog::Graph& logged,
                        std::span<const std::unique_ptr<Device>> devices) {
  const TaskGraph& graph = *logged.graph;
  Report::Graph described;
  std::map<const Operation*, std::uint32_t> kernels;
  for (const auto& [operation, why] : logged.why) {
    kernels[operation] = static_cast<std::uint32_t>(described.kernels.size());
    described.kernels.push_back(operation->name);
    std::vector<std::string>& unable = described.unable.emplace_back();
    for (std::size_t d = 0; d < std::min(devices.size(), why.size()); ++d)
      unable.push_back(why[d].ok() ? "" : why[d].to_string());
  }
  for (std::uint32_t t = 0; t < graph.size(); ++t) {
    const TaskIndex task{t};
    described.kernel_of.push_back(kernels.at(&graph.operation(task)));
    described.first_successor.push_back(static_cast<std::uint32_t>(described.successors.size()));
    const auto successors = graph.successors(task);
    described.successors.insert(described.successors.end(), successors.begin(), successors.end());
    const TaskOptions& options = graph.options(task);
    if (!options.label.empty()) described.labels[t] = options.label;
    if (options.never.empty() && options.only.empty()) continue;
    for (std::uint32_t d = 0; d < devices.size(); ++d) {
      const DeviceInfo& info = devices[d]->info();
      if (info.is_among(options.never) || (!options.only.empty() && !info.is_among(options.only)))
        described.banned.emplace_back(t, d);
    }
  }
  described.first_successor.push_back(static_cast<std::uint32_t>(described.successors.size()));
  return described;
}

}  // namespace

Report RuntimeCore::report() const {
  Report report;
  report.policy = policy_;
  const auto devices = this->devices();
  for (const auto& device : devices) {
    const DeviceInfo& info = device->info();
    report.devices.push_back({info.name, info.description, info.lanes});
  }
  for (const Missing& missing : parts_.missing)
    report.missing.push_back({missing.what, missing.why.to_string()});
  // Runs first: each event that is then in the trace belongs to one that is known, or to a later.
  const RunLog::Snapshot logged = executor_->traced_runs();
  std::map<const RunLog::Graph*, std::uint32_t> graphs;
  for (const RunLog::Entry& entry : logged.runs) {
    const auto [graph, is_new] =
        graphs.try_emplace(entry.graph.get(), static_cast<std::uint32_t>(report.graphs.size()));
    if (is_new) report.graphs.push_back(described(*entry.graph, devices));
    report.runs.push_back({entry.run, graph->second, entry.submitted, entry.finished,
                           entry.outcome.ok() ? "" : entry.outcome.to_string()});
  }
  report.runs_forgotten = logged.forgotten;
  report.trace = executor_->trace().snapshot();
  report.metrics = metrics();
  return report;
}

}  // namespace troika
