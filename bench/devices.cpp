// troika-bench devices: what is there, what is missing and why, and what each device does when
// asked.
#include <atomic>
#include <chrono>
#include <numeric>

#include "bench/bench.h"
#include "bench/transfers.h"
#include "examples/progress.h"

namespace troika::bench {
namespace {

struct Options {
  unsigned repeats = 15;
  unsigned megabytes = 16;
};

constexpr Kernel<void()> meet{"meet"};
constexpr Kernel<void(Update<std::uint32_t>)> add_one{"add_one"};
constexpr const char* add_one_opencl =
    "kernel void add_one(global uint* x, ulong x_at) { x[x_at / 4 + get_global_id(0)] += 1; }";
// Without a guard: what it is launched on is a multiple of every block.
constexpr const char* add_one_cuda =
    "extern \"C\" __global__ void add_one(unsigned* x, unsigned long long x_at) {"
    "  x[x_at / 4 + blockIdx.x * blockDim.x + threadIdx.x] += 1; }";

// How many host workers were seen in kernels at once.
class Meeting {
 public:
  void attend() {
    const unsigned here = here_.fetch_add(1, std::memory_order_relaxed) + 1;
    unsigned most = most_.load(std::memory_order_relaxed);
    while (most < here && !most_.compare_exchange_weak(most, here, std::memory_order_relaxed)) {
    }
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds{2};
    while (std::chrono::steady_clock::now() < end) {
    }
    here_.fetch_sub(1, std::memory_order_relaxed);
  }
  unsigned most() const { return most_.load(std::memory_order_relaxed); }

 private:
  std::atomic<unsigned> here_{0}, most_{0};
};

unsigned workers_that_came(Runtime& runtime, const DeviceInfo& host) {
  const auto meeting = std::make_shared<Meeting>();  // the kernel is kept longer than this call
  throw_if_failed(define(meet).host([meeting] { meeting->attend(); }).into(runtime.kernels()));
  Graph graph;
  for (unsigned task = 0; task < 16 * host.lanes; ++task) graph.add(meet).only_on(host.name);
  runtime.run(graph).wait();
  return meeting->most();
}

// What became of a page of the caller's that the device changed: whether bytes were copied.
std::string zero_copy(Runtime& runtime, const DeviceInfo& device) {
  std::vector<std::uint32_t> ours(1 << 16);
  std::iota(ours.begin(), ours.end(), 0U);
  const std::uint64_t before = runtime.counters().bytes_copied;
  const auto buffer = runtime.adopt(std::span{ours});
  Graph graph;
  graph.add(add_one, buffer).only_on(device.name);
  runtime.run(graph).wait();
  const auto seen = buffer.read();
  const std::uint64_t copied = runtime.counters().bytes_copied - before;
  for (std::uint32_t i = 0; i < seen.size(); ++i)
    if (seen[i] != i + 1)
      throw Error{Status{Code::internal,
                         device.name + ": adopted element " + std::to_string(i) + " is wrong"}};
  if (copied == 0 && seen.data() == ours.data()) return "yes, 0 bytes copied";
  return "no, " + std::to_string(copied) + " bytes copied";
}

Cell megabytes(std::size_t bytes) { return std::uint64_t{bytes / (1024 * 1024)}; }

std::vector<Cell> row_of(Runtime& runtime, Device& device, const Options& options) {
  const DeviceInfo& info = device.info();
  const DeviceInfo& host = runtime.devices().front()->info();
  const std::size_t bytes = std::size_t{options.megabytes} * 1024 * 1024;
  const Transfer there = measure_transfer(runtime, host.name, info.name, bytes, options.repeats);
  const double rate =
      static_cast<double>(there.bytes_copied) / (1e3 * summary_of(there.micros).median);
  return {info.name,
          std::uint64_t{info.lanes},
          info.name == host.name ? Cell{std::uint64_t{workers_that_came(runtime, info)}} : Cell{},
          std::string{name_of(info.kind)},
          info.backend,
          info.description,
          std::uint64_t{info.cores.size()},
          megabytes(info.memory_bytes),
          megabytes(device.memory().bytes_free()),
          std::string{info.space == host.space ? "the host's" : "its own"},
          zero_copy(runtime, info),
          summary_of(there.launch_micros),
          there.bytes_copied > 0 ? Cell{rate} : Cell{}};
}

Table table_of_missing(const Runtime& runtime) {
  Table table{"missing", "Missing", {{"what", "what", ""}, {"why", "why", ""}}, {}};
  for (const Missing& missing : runtime.missing())
    table.rows.push_back({missing.what, missing.why.to_string()});
  return table;
}

Report measure(const Options& options, const std::string& backends) {
  RuntimeOptions wanted;
  wanted.backends = backends;
  Runtime runtime{wanted};
  throw_if_failed(define_touches(runtime.kernels()));
  throw_if_failed(define(add_one)
                      .host([](HostView<std::uint32_t> x) {
                        for (std::uint32_t& value : x) ++value;
                      })
                      .opencl_c(add_one_opencl)
                      .cuda(add_one_cuda)
                      .into(runtime.kernels()));
  Table table{"rows",
              "Devices",
              {{"name", "name", ""},
               {"lanes", "lanes", ""},
               {"workers_came", "workers that came", ""},
               {"kind", "kind", ""},
               {"backend", "backend", ""},
               {"driver", "driver", ""},
               {"cores", "CPU cores", ""},
               {"memory_mb", "memory", "MB"},
               {"memory_free_mb", "free", "MB"},
               {"memory", "memory is", ""},
               {"zero_copy", "kernel in adopted pages", ""},
               {"launch_us", "empty kernel and back", "us", 1, true},
               {"copy_gb_per_s", "copy from the host", "GB/s", 2, true}},
              {}};
  Progress progress{static_cast<int>(runtime.devices().size())};
  for (const auto& device : runtime.devices()) {
    progress.step(device->info().name);
    table.rows.push_back(row_of(runtime, *device, options));
  }
  progress.clear();
  Report report;
  report.title = "Devices of this machine";
  report.tables = {std::move(table), table_of_missing(runtime)};
  report.notes = {"no rate where nothing is copied: the device works in the host's memory",
                  "workers that came: the most that were seen in host kernels at once"};
  return report;
}

}  // namespace

Subcommand devices(CommandLine& line) {
  auto options = std::make_shared<Options>();
  auto backends = std::make_shared<std::string>();
  Command command{line, "devices",
                  "What is there, what is missing and why; latency, bandwidth, zero copy."};
  command.count("--repeats", options->repeats, {1, 1000}, "of each measurement");
  command.count("--megabytes", options->megabytes, {1, 1024}, "that are copied");
  command.text("--backends", *backends, "as RuntimeOptions::backends: opencl.memory=separate");
  return {command, [options, backends] { return measure(*options, *backends); }};
}

}  // namespace troika::bench
