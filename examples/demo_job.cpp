#include "examples/demo_job.h"

#include <algorithm>
#include <cmath>

#include "kernels/enlarge/enlarge.h"
#include "kernels/exposure/exposure.h"
#include "kernels/kernels.h"

namespace troika::demo {
namespace {

double to_ms(Nanos time) { return 1e3 * to_seconds(time); }

std::size_t pixels_of(const PipelineShape& shape) {
  return static_cast<std::size_t>(shape.width()) * static_cast<std::size_t>(shape.height());
}

std::size_t blocks_of(const PipelineShape& shape) {
  return static_cast<std::size_t>(kernels::exposure_blocks(shape.width())) *
         static_cast<std::size_t>(kernels::exposure_blocks(shape.height()));
}

double median_of(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 != 0 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

}  // namespace

double Times::median() const { return median_of(observed); }

double Times::beyond_forecast() const {
  std::vector<double> ratios;
  for (std::size_t i = 0; i < observed.size(); ++i) ratios.push_back(observed[i] / forecast[i]);
  return ratios.empty() ? 1 : median_of(ratios);
}

RuntimeOptions Job::runtime_options(JobOptions options) {
  RuntimeOptions wanted;
  wanted.policy = std::move(options.policy);
  wanted.devices = std::move(options.devices);
  wanted.executor.trace.level = options.trace;
  return wanted;
}

Job::Job(JobOptions options, const kernels::Rgb8& source, const PipelineShape& shape)
    : runtime_{runtime_options(std::move(options))},
      shape_{shape},
      source_samples_{source.samples},
      weight_table_{kernels::enlarge_weights(shape.factor)},
      source_{runtime_.adopt(std::span{source_samples_})},
      weights_{runtime_.adopt(std::span{weight_table_})},
      picture_{runtime_.buffer<std::uint8_t>(3 * pixels_of(shape))},
      exposure_{runtime_.buffer<float>(blocks_of(shape))},
      plan_{compile()},
      tasks_by_device_(runtime_.devices().size()) {}

Plan Job::compile() {
  throw_if_failed(kernels::define_all(runtime_.kernels()));
  return runtime_.compile(pipeline_graph(shape_, {source_, weights_, picture_, exposure_}));
}

// So that no run can live on what an earlier one left.
void Job::scribble() {
  std::ranges::fill(picture_.write(), std::uint8_t{0xA5});
  std::ranges::fill(exposure_.write(), NAN);
}

void Job::run_explained() {
  scribble();
  runtime_.core()->executor().trace().set_level(TraceLevel::full);
  runtime_.run(plan_).wait();
}

void Job::run() {
  scribble();
  const double forecast = to_ms(plan_.predict().makespan);
  const double predicted = forecast * times_.beyond_forecast();
  const Run run = runtime_.run(plan_);
  run.wait();
  times_.forecast.push_back(forecast);
  times_.predicted.push_back(predicted);
  times_.observed.push_back(to_ms(run.makespan()));
  for (std::size_t d = 0; d < tasks_by_device_.size(); ++d)
    tasks_by_device_[d] += run.tasks_by_device()[d];
}

PipelineResult Job::result() const {
  const auto copy = [](auto& image, const auto& samples) {
    image.samples.assign(samples.begin(), samples.end());
  };
  PipelineResult result;
  result.picture = kernels::Rgb8(shape_.width(), shape_.height(), 3);
  result.exposure = kernels::Image<float>(kernels::exposure_blocks(shape_.width()),
                                          kernels::exposure_blocks(shape_.height()));
  copy(result.picture, picture_.read());
  copy(result.exposure, exposure_.read());
  return result;
}

}  // namespace troika::demo
