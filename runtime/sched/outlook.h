// What is known of a graph before it runs, for policies that look ahead.
#pragma once

#include <span>
#include <vector>

#include "runtime/graph/task_graph.h"
#include "runtime/sched/prices.h"
#include "runtime/sched/task_costs.h"

namespace troika {

// Which device does each task of a graph, and in which order: never which lane, nor when, which the
// first surprise would make wrong.
struct Assignment {
  std::vector<DeviceId> device;  // by task
  std::vector<Nanos> begin;      // beside it: what begins first, goes first
  Nanos makespan{0};             // if everything takes what is predicted

  // A run that is later than this share of the makespan has other things to do than was planned.
  static constexpr int late = 16;

  bool empty() const noexcept { return device.empty(); }
  Nanos rank(TaskIndex task) const noexcept { return makespan - begin[task.value]; }
  // From the run's start: when the task should be ready.
  Nanos latest(TaskIndex task) const noexcept { return begin[task.value] + makespan / late; }
};

struct Outlook {
  // How AffinityPull treats the graph: no setting is best for all.
  struct Style {
    // Slower devices take only what leaves the faster ones enough that is ready.
    bool feeds = true;
    // What only the faster devices can do in time goes before what has a longer path.
    bool urgent_first = true;
    // Slower devices take what the faster ones would not get to sooner.
    bool helps = true;
    // A device takes what costs up to this multiple of what it costs elsewhere.
    double tolerance = 1;
    // The graph is to be over within this multiple of the bound.
    double stretch = 1.02;
    // Prices of cheap devices are lowered (more than 0) or raised by this power of how cheap they
    // are beside the dearest.
    double tilt = 0;
  };

  std::vector<double> prices;    // of a lane's nanosecond, by device
  std::vector<double> tilted;    // those that decide
  std::vector<AlikeTasks> work;  // what the prices are for
  double area_nanos = 0;         // of all tasks
  double end_nanos = 0;          // from the start: when it is to be over
  Style style;
  Assignment assigned;  // empty: a device is found when a task is ready
};

// Of tasks at the prices `found` for them; `longest` path in nanoseconds.
Outlook outlook_of(std::vector<AlikeTasks> work, const Prices& found, double longest,
                   const Outlook::Style& style);
// The same among graphs of other plans, at the prices of them all.
Outlook at_prices(const Outlook& outlook, std::span<const double> by_device,
                  std::span<const unsigned> lanes);
// The styles worth trying on a graph, the one to begin with first.
std::span<const Outlook::Style> outlook_styles() noexcept;

// Of a run under way.
struct RunOutlook {
  const Outlook* plan = nullptr;  // null: nothing is known
  Nanos started{0};
};

}  // namespace troika
