// troika-bench round-trip: how long a thread that is no worker waits for one empty task, and what
// waiting workers cost.
#include <algorithm>
#include <atomic>
#include <functional>
#include <semaphore>
#include <thread>

#include <sys/resource.h>
#include <tbb/global_control.h>
#include <tbb/task_arena.h>

#include "bench/bench.h"
#include "bench/host_only.h"
#include "examples/progress.h"

namespace troika::bench {
namespace {

struct Options {
  unsigned threads = 2;
  unsigned trips = 20'000;
  unsigned rounds = 7;
  unsigned pause_us = 2'000;
  unsigned idle_ms = 5'000;
};

// Someone whose workers run an empty task when this thread asks for it.
class Traveller {
 public:
  virtual ~Traveller() = default;
  virtual const char* name() const = 0;
  virtual void go() = 0;  // and back
};

constexpr Kernel<void()> nothing{"nothing"};

class OnTroika final : public Traveller {
 public:
  explicit OnTroika(unsigned threads) : runtime_{host_only(threads)}, plan_{compile()} {}
  const char* name() const override { return "troika"; }
  void go() override { runtime_.run(plan_).wait(); }

 private:
  Plan compile() {
    throw_if_failed(define(nothing).host([] {}).into(runtime_.kernels()));
    Graph graph;
    graph.add(nothing);
    return runtime_.compile(graph);
  }

  Runtime runtime_;
  Plan plan_;
};

// A task of an arena that has no place for the thread that waits for it.
class OnOneTbb final : public Traveller {
 public:
  explicit OnOneTbb(unsigned threads)
      : limit_{tbb::global_control::max_allowed_parallelism, threads + 1},
        arena_{static_cast<int>(threads), 0} {}
  const char* name() const override { return "onetbb"; }
  void go() override {
    arena_.enqueue([this] { back_.release(); });
    back_.acquire();
  }

 private:
  tbb::global_control limit_;
  tbb::task_arena arena_;
  std::binary_semaphore back_{0};
};

// One thread and two semaphores: what the machine itself takes.
class OnAThread final : public Traveller {
 public:
  ~OnAThread() override {
    stop_.store(true);
    there_.release();
  }
  const char* name() const override { return "floor"; }
  void go() override {
    there_.release();
    back_.acquire();
  }

 private:
  void serve() {
    for (there_.acquire(); !stop_.load(); there_.acquire()) back_.release();
  }

  std::binary_semaphore there_{0}, back_{0};
  std::atomic<bool> stop_{false};
  std::jthread thread_{[this] { serve(); }};
};

struct Trips {
  std::vector<double> awake, halted;  // microseconds each
  double idle_cpu_ms = 0;
};

double cpu_ms() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto ms = [](const timeval& time) {
    return 1e3 * static_cast<double>(time.tv_sec) + 1e-3 * static_cast<double>(time.tv_usec);
  };
  return ms(used.ru_utime) + ms(used.ru_stime);
}

void round(Traveller& traveller, const Options& options, Trips& trips) {
  for (int warm = 0; warm < 100; ++warm) traveller.go();
  for (unsigned i = 0; i < options.trips / options.rounds; ++i)
    trips.awake.push_back(nanos([&] { traveller.go(); }) / 1e3);
  for (unsigned i = 0; i < options.trips / options.rounds / 50; ++i) {
    std::this_thread::sleep_for(std::chrono::microseconds{options.pause_us});
    trips.halted.push_back(nanos([&] { traveller.go(); }) / 1e3);
  }
}

double quantile(std::vector<double>& sorted, double share) {
  return sorted.empty()
             ? 0
             : sorted[std::min(sorted.size() - 1, static_cast<std::size_t>(
                                                      share * static_cast<double>(sorted.size())))];
}

Report measure(const Options& options) {
  using Make = std::function<std::unique_ptr<Traveller>()>;
  const Make all[] = {[&] { return std::make_unique<OnTroika>(options.threads); },
                      [&] { return std::make_unique<OnOneTbb>(options.threads); },
                      [] { return std::make_unique<OnAThread>(); }};
  std::vector<Trips> trips(std::size(all));
  std::vector<std::string> names(std::size(all));
  Progress progress{static_cast<int>(options.rounds + 1)};
  for (unsigned number = 0; number < options.rounds; ++number) {
    progress.step("round " + std::to_string(number + 1));
    for (std::size_t i = 0; i < std::size(all); ++i) {
      // Alone in the process: nobody's workers look for work while others are measured.
      const std::unique_ptr<Traveller> traveller = all[i]();
      names[i] = traveller->name();
      round(*traveller, options, trips[i]);
    }
  }
  progress.step("idle");
  for (std::size_t i = 0; i < std::size(all); ++i) {
    const std::unique_ptr<Traveller> traveller = all[i]();
    traveller->go();
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
    const double before = cpu_ms();
    std::this_thread::sleep_for(std::chrono::milliseconds{options.idle_ms});
    trips[i].idle_cpu_ms = cpu_ms() - before;
  }
  progress.clear();

  Table table{"rows",
              std::to_string(options.threads) + " workers, " + std::to_string(options.rounds) +
                  " interleaved rounds",
              {{"runtime", "runtime", ""},
               {"awake_p50_us", "awake p50", "us", 1, true},
               {"awake_p99_us", "awake p99", "us"},
               {"halted_p50_us", "halted p50", "us", 1, true},
               {"halted_p99_us", "halted p99", "us"},
               {"idle_cpu_ms", "CPU in " + std::to_string(options.idle_ms) + " ms idle", "ms", 2}},
              {}};
  for (std::size_t i = 0; i < trips.size(); ++i) {
    std::sort(trips[i].awake.begin(), trips[i].awake.end());
    std::sort(trips[i].halted.begin(), trips[i].halted.end());
    table.rows.push_back({names[i], quantile(trips[i].awake, 0.5), quantile(trips[i].awake, 0.99),
                          quantile(trips[i].halted, 0.5), quantile(trips[i].halted, 0.99),
                          trips[i].idle_cpu_ms});
  }
  Report report;
  report.title = "One empty task and back, from a thread that is no worker";
  report.tables = {std::move(table)};
  report.notes = {"awake: one trip behind the other; halted: with a pause of " +
                      std::to_string(options.pause_us) + " us before each",
                  "floor: one thread and two semaphores, no runtime"};
  return report;
}

}  // namespace

Subcommand round_trip(CommandLine& line) {
  auto options = std::make_shared<Options>();
  Command command{line, "round-trip",
                  "Latency of one empty task from a foreign thread; CPU of idle workers."};
  command.count("--threads", options->threads, {1, 1024}, "workers");
  command.count("--trips", options->trips, {100, 10'000'000}, "of each, awake; a fiftieth halted");
  command.count("--rounds", options->rounds, {1, 100}, "interleaved");
  command.count("--pause-us", options->pause_us, {1, 1'000'000}, "before a trip with halted cores");
  command.count("--idle-ms", options->idle_ms, {1, 600'000},
                "for which idle workers' CPU time is taken");
  return {command, [options] { return measure(*options); }};
}

}  // namespace troika::bench
