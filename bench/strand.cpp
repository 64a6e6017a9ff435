// troika-bench strand: what one placed task costs the strand, on simulated devices.
#include <algorithm>
#include <chrono>
#include <random>
#include <stdexcept>

#include "backends/sim/sim.h"
#include "bench/bench.h"
#include "bench/samples.h"
#include "runtime/exec/runtime.h"

namespace troika::bench {
namespace {

struct Options {
  unsigned classes = 5;
  unsigned lanes = 5;
  std::vector<unsigned> devices;  // instead, of one lane each where a runtime takes so many
  std::uint32_t tasks = 20'000;
  unsigned repeats = 7;
  std::string policy = "load_aware";
};

// Time in the runtime, without the simulator's: on while the runtime is entered and no verb of a
// simulated queue is under way.
class Meter {
 public:
  void resume() noexcept { since_ = Clock::now(); }
  void pause() noexcept { spent_ += Clock::now() - since_; }
  double nanos() const noexcept { return std::chrono::duration<double, std::nano>{spent_}.count(); }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point since_;
  Clock::duration spent_{0};
};

class MeteredListener final : public QueueListener {
 public:
  MeteredListener(QueueListener& to, Meter& meter) noexcept : to_{to}, meter_{meter} {}
  void on_advance(const Advance& advance) noexcept override {
    meter_.resume();
    to_.on_advance(advance);
    meter_.pause();
  }

 private:
  QueueListener& to_;
  Meter& meter_;
};

class MeteredQueue final : public Queue {
  template <class Verb>
  auto apart(Verb&& verb) {
    meter_.pause();
    auto result = verb();
    meter_.resume();
    return result;
  }

 public:
  MeteredQueue(std::unique_ptr<MeteredListener> listener, std::unique_ptr<Queue> queue,
               Meter& meter) noexcept
      : listener_{std::move(listener)}, queue_{std::move(queue)}, meter_{meter} {}

  Result<Timepoint> copy(const CopyOp& op) override {
    return apart([&] { return queue_->copy(op); });
  }
  Result<Timepoint> fill(const FillOp& op) override {
    return apart([&] { return queue_->fill(op); });
  }
  Result<Timepoint> launch(const LaunchOp& op) override {
    return apart([&] { return queue_->launch(op); });
  }
  Result<Timepoint> hand_over(const HandOver& op) override {
    return apart([&] { return queue_->hand_over(op); });
  }
  Status wait_for(Timepoint other) override {
    return apart([&] { return queue_->wait_for(other); });
  }
  Status flush() override {
    return apart([&] { return queue_->flush(); });
  }
  Timepoint abandon() noexcept override { return queue_->abandon(); }
  Timepoint reached() const noexcept override { return queue_->reached(); }
  std::size_t capacity() const noexcept override { return queue_->capacity(); }

 private:
  std::unique_ptr<MeteredListener> listener_;
  std::unique_ptr<Queue> queue_;
  Meter& meter_;
};

class MeteredDevice final : public Device {
 public:
  MeteredDevice(std::unique_ptr<Device> device, Meter& meter) noexcept
      : device_{std::move(device)}, meter_{meter} {}

  const DeviceInfo& info() const noexcept override { return device_->info(); }
  Memory& memory() noexcept override { return device_->memory(); }
  Result<std::unique_ptr<LoadedKernel>> load(const KernelImage& image) override {
    return device_->load(image);
  }
  Result<std::unique_ptr<Queue>> create_queue(QueueId id, QueueUse use, unsigned lane,
                                              QueueListener& listener) override {
    auto metered = std::make_unique<MeteredListener>(listener, meter_);
    TROIKA_ASSIGN(std::unique_ptr<Queue> queue, device_->create_queue(id, use, lane, *metered));
    return std::unique_ptr<Queue>{
        std::make_unique<MeteredQueue>(std::move(metered), std::move(queue), meter_)};
  }

 private:
  std::unique_ptr<Device> device_;
  Meter& meter_;
};

constexpr Nanos us{1'000};
constexpr std::size_t words = 16, blocks = 512, kernel_count = 5;

using Step = Kernel<void(Read<std::uint32_t>, Update<std::uint32_t>)>;
constexpr Step kernels[kernel_count] = {Step{"gemm"}, Step{"syrk"}, Step{"trsm"}, Step{"potrf"},
                                        Step{"geqrt"}};

struct Size {
  unsigned devices, lanes;  // of each

  unsigned workers() const noexcept { return devices * lanes; }
};
constexpr unsigned devices_max = 60;

// So many workers on as many devices as a runtime takes.
Size size_of(unsigned workers) {
  unsigned lanes = 1;
  while (workers % lanes != 0 || workers / lanes > devices_max) lanes += 1;
  return {workers / lanes, lanes};
}

// Every class of worker is another device, within the host's memory, and has another speed at each
// kernel.
sim::Machine machine_of(const Size& size) {
  sim::Machine machine;
  machine.name = "strand";
  for (unsigned c = 0; c < size.devices; ++c) {
    sim::MachineDevice device;
    device.name = device.costs = "class" + std::to_string(c);
    device.count = size.lanes;
    device.is_host = c == 0;
    machine.devices.push_back(device);
    for (unsigned k = 0; k < kernel_count; ++k)
      machine.costs.push_back(
          {kernels[k].name(), device.costs, 0, us * (50 + 40 * ((c + k) % kernel_count)), us * 5});
  }
  return machine;
}

// Each task updates a block and reads another, both drawn: as many chains as there are blocks,
// joined at random.
Graph graph_of(const Options& options, const Buffer<std::uint32_t>& buffer) {
  std::mt19937 random{1};
  Graph graph;
  for (std::uint32_t t = 0; t < options.tasks; ++t) {
    const std::size_t from = random() % blocks, to = (from + 1 + random() % (blocks - 1)) % blocks;
    graph.add(kernels[random() % kernel_count], buffer.slice(from * words, words),
              buffer.slice(to * words, words));
  }
  return graph;
}

// Of every repeat, in nanoseconds per task.
std::vector<double> strand_costs(const Options& options, const Size& size) {
  Meter meter;
  sim::WorldOptions world_options;
  world_options.contents = false;
  sim::World world{world_options};
  RuntimeParts parts;
  parts.environment = &world;
  for (auto& device : sim::open(world, machine_of(size)).devices)
    parts.devices.push_back(std::make_unique<MeteredDevice>(std::move(device), meter));
  RuntimeOptions runtime_options;
  runtime_options.policy = options.policy;
  Runtime runtime{std::move(parts), std::move(runtime_options)};
  for (const auto& kernel : kernels)
    throw_if_failed(define(kernel)
                        .sim([](HostView<const std::uint32_t>, HostView<std::uint32_t>) {})
                        .into(runtime.kernels()));
  std::vector<std::uint32_t> ours(blocks * words);
  const Buffer<std::uint32_t> buffer = runtime.adopt(std::span{ours});
  const Plan plan = runtime.compile(graph_of(options, buffer));

  std::vector<double> samples;
  for (unsigned repeat = 0; repeat <= options.repeats; ++repeat) {
    const double before = meter.nanos();
    meter.resume();
    const Run run = runtime.run(plan);
    meter.pause();
    run.wait();
    // The first run refines the buffer and finds the kernels' costs.
    if (repeat != 0) samples.push_back((meter.nanos() - before) / options.tasks);
  }
  if (!world.violations().empty()) throw std::runtime_error(world.violations().front());
  return samples;
}

Report measure(const Options& options) {
  Report report;
  report.title = "What a placed task costs the strand";
  report.notes = {
      "on simulated devices, whose own work is left out; the tasks take 50 to 210 microseconds"};
  Table rows{"rows",
             std::to_string(options.repeats) + " repeats; median (least - most)",
             {{"policy", "policy", ""},
              {"classes", "devices", ""},
              {"workers", "workers", ""},
              {"tasks", "tasks", ""},
              {"strand_ns", "strand", "ns a task", 0, true},
              {"tasks_per_second", "one strand places", "tasks a second", 0}},
             {}};
  std::vector<Size> sizes;
  for (const unsigned workers : options.devices) sizes.push_back(size_of(workers));
  if (sizes.empty()) sizes.push_back({options.classes, options.lanes});
  for (const Size& size : sizes) {
    const Summary cost = summary_of(strand_costs(options, size));
    rows.rows.push_back({options.policy, std::uint64_t{size.devices}, std::uint64_t{size.workers()},
                         std::uint64_t{options.tasks}, cost, 1e9 / cost.median});
  }
  report.tables = {std::move(rows)};
  return report;
}

}  // namespace

Subcommand strand(CommandLine& line) {
  auto options = std::make_shared<Options>();
  Command command{line, "strand",
                  "Nanoseconds of scheduling per placed task, on simulated devices."};
  command.count("--classes", options->classes, {1, devices_max}, "devices, each of another speed");
  command.count("--lanes", options->lanes, {1, 1024}, "workers of each");
  command.counts("--devices", options->devices, {1, 4096},
                 "instead of both: N[,N...] devices of one lane; where that is more than a runtime "
                 "takes, of several");
  command.count("--tasks", options->tasks, {1, 10'000'000}, "tasks of the graph");
  command.count("--repeats", options->repeats, {1, 1000}, "runs");
  command.text("--policy", options->policy, "scheduling policy");
  return {command, [options] { return measure(*options); }};
}

}  // namespace troika::bench
