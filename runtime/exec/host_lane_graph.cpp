#include "runtime/exec/host_lane_graph.h"

#include <algorithm>
#include <string>

namespace troika {

Result<LaneGraph> LaneGraph::make(std::uint32_t tasks, std::span<const LaneEdge> edges,
                                  std::span<const LaneClass> classes) {
  if (tasks > tasks_max || edges.size() > UINT32_MAX - tasks - 1) {
    return Status{Code::exhausted, "a host part of " + std::to_string(tasks) + " tasks and " +
                                       std::to_string(edges.size()) + " edges: at most " +
                                       std::to_string(tasks_max) + " tasks"};
  }
  if (!classes.empty() && classes.size() != tasks) {
    return Status{Code::invalid_argument, std::to_string(classes.size()) + " classes for " +
                                              std::to_string(tasks) + " tasks"};
  }
  LaneGraph graph;
  graph.tasks_ = tasks;
  graph.predecessors_.resize(tasks);
  graph.first_.resize(tasks + 2);
  // A counting sort of the edges by source: counts, then where each source ends, then, filled from
  // the back so that a source's edges keep their order, where each begins.
  for (const auto& [from, to] : edges) {
    if (from >= tasks || to >= tasks) {
      return Status{Code::out_of_range, "edge " + std::to_string(from) + " -> " +
                                            std::to_string(to) + " among " + std::to_string(tasks) +
                                            " tasks"};
    }
    ++graph.first_[from];
    ++graph.predecessors_[to];
  }
  std::uint32_t end = 0;
  for (std::uint32_t task = 0; task < tasks; ++task) {
    end += graph.first_[task];
    graph.first_[task] = end;
    if (graph.predecessors_[task] == 0) ++graph.first_[tasks];
  }
  end += graph.first_[tasks];
  graph.first_[tasks] = end;
  graph.first_[tasks + 1] = end;
  graph.successors_.resize(end);

  const auto link_to = [&](std::uint32_t task) {
    const auto c = static_cast<std::uint32_t>(classes.empty() ? LaneClass::normal : classes[task]);
    return task | c << LaneLink::class_shift |
           (graph.predecessors_[task] <= 1 ? LaneLink::sole : 0);
  };
  for (std::uint32_t task = tasks; task-- > 0;) {
    if (graph.predecessors_[task] == 0) graph.successors_[--graph.first_[tasks]] = link_to(task);
  }
  for (std::size_t i = edges.size(); i-- > 0;) {
    graph.successors_[--graph.first_[edges[i].from]] = link_to(edges[i].to);
  }

  const auto before = [](std::uint32_t a, std::uint32_t b) {
    constexpr std::uint32_t key = ~LaneLink::index_mask;
    const bool a_sole = (a & LaneLink::sole) != 0, b_sole = (b & LaneLink::sole) != 0;
    return a_sole != b_sole ? a_sole : a_sole && (a & key) > (b & key);
  };
  for (std::uint32_t task = 0; task <= tasks; ++task) {
    auto* begin = graph.successors_.data() + graph.first_[task];
    auto* stop = graph.successors_.data() + graph.first_[task + 1];
    if (stop - begin > narrow_max && !std::is_sorted(begin, stop, before)) {
      std::stable_sort(begin, stop, before);
    }
  }
  return graph;
}

std::size_t LaneGraph::bytes() const noexcept {
  return sizeof *this +
         sizeof(std::uint32_t) * (first_.size() + successors_.size() + predecessors_.size());
}

}  // namespace troika
