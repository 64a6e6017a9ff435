// A trace and what surrounds it as one HTML page that needs nothing else, not even a network.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "runtime/trace/metrics.h"
#include "runtime/trace/trace.h"

namespace troika {

// What a reader of the page wants to know beside the events.
struct Report {
  struct Device {
    std::string name, description;
    unsigned lanes = 1;
  };
  struct Missing {
    std::string what, why;
  };
  // A graph of traced runs. Tasks by their index.
  struct Graph {
    std::vector<std::string> kernels;
    std::vector<std::uint32_t> kernel_of;        // into `kernels`
    std::vector<std::uint32_t> first_successor;  // into `successors`; one more at the end
    std::vector<std::uint32_t> successors;
    std::map<std::uint32_t, std::string> labels;  // of the tasks that have one
    // By kernel, then by device: why it cannot run there; empty: it can.
    std::vector<std::vector<std::string>> unable;
    // Tasks that are kept from a device by their own options, as (task, device).
    std::vector<std::pair<std::uint32_t, std::uint32_t>> banned;
  };
  struct Run {
    RunId id;
    std::uint32_t graph = 0;
    Nanos submitted{0}, finished{0};  // not over: 0
    std::string failure;              // empty: none
  };

  std::string policy;
  TraceSnapshot trace;
  std::vector<Device> devices;  // names are the groups of the trace's tracks
  std::vector<Missing> missing;
  std::vector<Graph> graphs;
  std::vector<Run> runs;
  std::uint64_t runs_forgotten = 0;
  std::vector<Metric> metrics;
};

// A timeline, utilisation, bytes and why they moved, the critical path of each run, predicted
// against observed times, and what was decided of each task. Some fifty bytes an event.
void write_html_report(const Report& report, std::ostream& out);

}  // namespace troika
