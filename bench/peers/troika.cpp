// Troika as a user has it: a graph, its plan, runs of it.
#include "bench/host_only.h"
#include "bench/peers/peer.h"

namespace troika::bench {
namespace {

constexpr Kernel<void()> nothing{"nothing"};

// What the other peers' tasks do too.
thread_local std::uint64_t tasks_of_this_thread = 0;

class Built final : public BuiltGraph {
 public:
  Built(const Shape& shape, Runtime& runtime)
      : runtime_{runtime}, before_{runtime.counters().tasks_done}, plan_{compile(shape, runtime)} {}

  void run() override { runtime_.run(plan_).wait(); }
  std::uint64_t tasks_run() const override { return runtime_.counters().tasks_done - before_; }
  std::optional<std::size_t> bytes() const override { return plan_.bytes(); }

 private:
  static Plan compile(const Shape& shape, Runtime& runtime) {
    Graph graph;
    for (std::uint32_t task = 0; task < shape.tasks; ++task) graph.add(nothing);
    for (const auto& [from, to] : shape.edges)
      TaskRef{graph, TaskIndex{to}}.after(TaskRef{graph, TaskIndex{from}});
    return runtime.compile(graph);
  }

  Runtime& runtime_;
  std::uint64_t before_;
  Plan plan_;
};

class Troika final : public Peer {
 public:
  explicit Troika(unsigned threads) : runtime_{host_only(threads)} {
    throw_if_failed(define(nothing).host([] { ++tasks_of_this_thread; }).into(runtime_.kernels()));
  }
  const char* name() const override { return "troika"; }
  std::string about() const override {
    return "a plan of tasks that only the host can run, through the public interface";
  }
  std::unique_ptr<BuiltGraph> build(const Shape& shape) override {
    return std::make_unique<Built>(shape, runtime_);
  }

 private:
  Runtime runtime_;
};

}  // namespace

std::unique_ptr<Peer> make_troika(unsigned threads) { return std::make_unique<Troika>(threads); }

}  // namespace troika::bench
