// troika-onnx time: how long a model takes, and each of its operators.
#include <algorithm>
#include <chrono>
#include <cstring>
#include <iomanip>
#include <iostream>
#include <map>
#include <memory>

#include "serving/onnx/program/commands.h"
#include "serving/onnx/session.h"
#include "serving/onnx/step_times.h"

namespace troika::onnx {
namespace {

using Clock = std::chrono::steady_clock;

struct Options {
  std::string model;
  std::vector<std::uint32_t> shape, batches{1, 8, 32};
  std::vector<std::string> devices{"host"};
  unsigned threads = 1, repeats = 30;
};

double micros_since(Clock::time_point start) {
  return std::chrono::duration<double, std::micro>(Clock::now() - start).count();
}

// Open dimensions are filled from --shape, the first with the batch.
Dims dims_for(const Port& port, const Options& options, std::int64_t batch) {
  Dims dims = port.dims;
  if (!options.shape.empty()) dims.assign(options.shape.begin(), options.shape.end());
  if (dims.size() != port.dims.size())
    refuse(Code::invalid_argument, "--shape has another rank than input '" + port.name + "'");
  if (!dims.empty() && port.dims[0] == -1) dims[0] = batch;
  for (const std::int64_t dim : dims)
    if (dim < 0) refuse(Code::invalid_argument, "--shape is needed for input '" + port.name + "'");
  return dims;
}

void show(const std::map<std::string, double>& by_operator) {
  std::vector<std::pair<std::string, double>> sorted(by_operator.begin(), by_operator.end());
  std::ranges::sort(sorted, std::greater{}, [](const auto& entry) { return entry.second; });
  for (const auto& [name, micros] : sorted)
    std::cout << "  " << std::left << std::setw(32) << name << std::right << std::setw(10) << micros
              << " us\n";
}

void measure(const Options& options, Session& session, const Model& model, std::int64_t batch) {
  std::vector<Tensor> inputs;
  std::vector<TensorRef> refs;
  std::vector<Dims> dims;
  for (const Port& port : model.inputs()) {
    dims.push_back(dims_for(port, options, batch));
    inputs.push_back(make_tensor(port.type, dims.back()));
    refs.emplace_back(port.type, dims.back(), inputs.back().data.get());
  }
  std::vector<Tensor> outputs;
  std::vector<TensorRef> out_refs;
  for (const Port& port : session.outputs_for(dims)) {
    outputs.push_back(make_tensor(port.type, port.dims));
    out_refs.emplace_back(port.type, port.dims, outputs.back().data.get());
  }
  std::vector<double> micros;
  for (unsigned i = 0; i < options.repeats + 3; ++i) {
    const auto start = Clock::now();
    session.run(refs, out_refs);
    micros.push_back(micros_since(start));
  }
  micros.erase(micros.begin(), micros.begin() + 3);
  std::ranges::sort(micros);
  std::cout << "batch " << batch << ": " << micros[micros.size() / 2] << " us (" << micros.front()
            << " - " << micros.back() << ")\n";
  show(step_times(model, dims, options.repeats));
}

int time_model(const Options& options) {
  RuntimeOptions wanted;
  wanted.devices = options.devices;
  wanted.workers = options.threads;
  Runtime runtime{wanted};
  const Model model = Model::load(options.model);
  SessionOptions session_options;
  session_options.devices = options.devices;
  Session session{runtime, model, session_options};
  std::cout << std::fixed << std::setprecision(1);
  for (const std::int64_t batch : options.batches) measure(options, session, model, batch);
  return 0;
}

}  // namespace

Subcommand time_command(CommandLine& line) {
  auto options = std::make_shared<Options>();
  Command command{
      line, "time",
      "Time of a run, median (least - most), and of each operator on the host by itself."};
  command.positional("model", options->model, "the file");
  command.counts("--shape", options->shape, {0, ~0U}, "dimensions of the input, with commas");
  command.counts("--batch", options->batches, {1, ~0U},
                 "sizes of the first dimension, with commas");
  command.count("--threads", options->threads, {1, 4096}, "workers of the host");
  command.count("--repeats", options->repeats, {1, 100'000}, "of each");
  command.texts("--devices", options->devices, "devices or backends, with commas");
  return {command, [options] { return time_model(*options); }};
}

}  // namespace troika::onnx
