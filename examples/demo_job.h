// The pipeline on one choice of devices, measured as often as asked.
#pragma once

#include <string>
#include <vector>

#include "examples/pipeline.h"
#include "runtime/troika.h"

namespace troika::demo {

struct JobOptions {
  std::string policy;
  std::vector<std::string> devices;  // empty: all
  TraceLevel trace = TraceLevel::off;
};

// What the runs of a job took, in milliseconds, in their order.
struct Times {
  std::vector<double> observed;
  std::vector<double> forecast;  // before each run: the policy replayed with the task times learned
  // Before each run: the forecast, times what the runs before took beyond theirs. A forecast knows
  // nothing of threads that wait for a core.
  std::vector<double> predicted;

  double median() const;
  // The median of observed / forecast; 1 before the first run.
  double beyond_forecast() const;
};

// A runtime of its own, whose cost model knows nothing at first.
class Job {
 public:
  Job(JobOptions options, const kernels::Rgb8& source, const PipelineShape& shape);

  // One run, over a result that is scribbled over first. Throws troika::Error.
  void run();
  // One more, with every decision traced; counted nowhere.
  void run_explained();
  // What the last run left.
  PipelineResult result() const;

  Runtime& runtime() noexcept { return runtime_; }
  std::size_t tasks() const noexcept { return plan_.size(); }
  const Times& times() const noexcept { return times_; }
  // Of all runs, by the order of the runtime's devices.
  const std::vector<std::uint64_t>& tasks_by_device() const noexcept { return tasks_by_device_; }

 private:
  void scribble();
  static RuntimeOptions runtime_options(JobOptions options);
  Plan compile();

  Runtime runtime_;
  PipelineShape shape_;
  std::vector<std::uint8_t> source_samples_;
  std::vector<std::int32_t> weight_table_;
  Buffer<std::uint8_t> source_;
  Buffer<std::int32_t> weights_;
  Buffer<std::uint8_t> picture_;
  Buffer<float> exposure_;
  Plan plan_;
  Times times_;
  std::vector<std::uint64_t> tasks_by_device_;
};

}  // namespace troika::demo
