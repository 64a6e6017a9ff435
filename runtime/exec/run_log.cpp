#include "runtime/exec/run_log.h"

#include <algorithm>

#include "runtime/exec/lane_execution.h"

namespace troika {

RunLog::RunLog(const TraceOptions& options)
    : runs_max_{options.kept_runs}, tasks_max_{options.kept_graph_tasks} {}

void RunLog::admitted(const RunState& run) {
  // To the strand a run of the host lane is one task; the tasks are those of the lane's plan.
  const PlanState& plan = run.lane ? *run.lane->plan() : *run.plan;
  if (run.is_access && !run.lane) return;
  Kept& kept = graphs_[plan.graph.get()];
  if (kept.runs++ == 0) {
    auto graph = std::make_shared<Graph>();
    graph->graph = plan.graph;
    for (const PlanState::OperationOn& on : plan.operations) graph->why[on.operation] = on.why;
    kept.graph = std::move(graph);
    tasks_ += plan.graph->size();
  }
  runs_.push_back({run.id, kept.graph, run.submitted, Nanos{0}, {}});
  while (!runs_.empty() && (runs_.size() > runs_max_ || tasks_ > tasks_max_)) forget_oldest();
}

void RunLog::forget_oldest() {
  const auto kept = graphs_.find(runs_.front().graph->graph.get());
  if (--kept->second.runs == 0) {
    tasks_ -= kept->first->size();
    graphs_.erase(kept);
  }
  runs_.pop_front();
  forgotten_ += 1;
}

void RunLog::over(const RunState& run) {
  const auto entry = std::find_if(runs_.rbegin(), runs_.rend(),
                                  [&](const Entry& logged) { return logged.run == run.id; });
  if (entry == runs_.rend()) return;
  entry->finished = run.finished;
  entry->outcome = run.outcome;
}

}  // namespace troika
