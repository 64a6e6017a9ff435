// Troika as a user has it: a graph, its plan, runs of it.
#include <algorithm>

#include "bench/host_only.h"
#include "bench/peers/peer.h"

namespace troika::bench {
namespace {

constexpr Kernel<void()> nothing{"nothing"};
constexpr Kernel<void(Update<float>)> potrf{"potrf"};
constexpr Kernel<void(Read<float>, Update<float>)> trsm{"trsm"};
constexpr Kernel<void(Read<float>, Update<float>)> syrk{"syrk"};
constexpr Kernel<void(Read<float>, Read<float>, Update<float>)> gemm{"gemm"};

// What the other peers' tasks do too.
thread_local std::uint64_t tasks_of_this_thread = 0;

class Built final : public BuiltGraph {
 public:
  Built(const Graph& graph, Runtime& runtime)
      : runtime_{runtime}, before_{runtime.counters().tasks_done}, plan_{runtime.compile(graph)} {}

  void run() override { runtime_.run(plan_).wait(); }
  std::uint64_t tasks_run() const override { return runtime_.counters().tasks_done - before_; }
  std::optional<std::size_t> bytes() const override { return plan_.bytes(); }

 private:
  Runtime& runtime_;
  std::uint64_t before_;
  Plan plan_;
};

Graph graph_of(const Shape& shape) {
  Graph graph;
  for (std::uint32_t task = 0; task < shape.tasks; ++task) graph.add(nothing);
  for (const auto& [from, to] : shape.edges)
    TaskRef{graph, TaskIndex{to}}.after(TaskRef{graph, TaskIndex{from}});
  return graph;
}

constexpr std::size_t tile_elements = 16;

// Each tile is a view of the one matrix.
Graph graph_of(const TileGraph& tiles, const Buffer<float>& matrix) {
  const auto view = [&](std::uint32_t tile) {
    return matrix.slice(tile * tile_elements, tile_elements);
  };
  Graph graph;
  for (const TileTask& task : tiles.tasks) {
    const View<float> updated = view(task.updated);
    switch (task.kernel) {
      case TileKernel::potrf: graph.add(potrf, updated); break;
      case TileKernel::trsm: graph.add(trsm, view(task.read[0]), updated); break;
      case TileKernel::syrk: graph.add(syrk, view(task.read[0]), updated); break;
      case TileKernel::gemm:
        graph.add(gemm, view(task.read[0]), view(task.read[1]), updated);
        break;
    }
  }
  return graph;
}

class Troika final : public Peer {
 public:
  explicit Troika(unsigned threads) : runtime_{host_only(threads)} {
    const auto count = [](auto&&...) { ++tasks_of_this_thread; };
    throw_if_failed(define(nothing).host(count).into(runtime_.kernels()));
    throw_if_failed(define(potrf).host(count).into(runtime_.kernels()));
    throw_if_failed(define(trsm).host(count).into(runtime_.kernels()));
    throw_if_failed(define(syrk).host(count).into(runtime_.kernels()));
    throw_if_failed(define(gemm).host(count).into(runtime_.kernels()));
  }
  const char* name() const override { return "troika"; }
  std::string about() const override {
    return "a plan of tasks that only the host can run, through the public interface";
  }
  std::unique_ptr<BuiltGraph> build(const Shape& shape) override {
    return std::make_unique<Built>(graph_of(shape), runtime_);
  }
  std::unique_ptr<BuiltGraph> build_tiles(const TileGraph& graph) override {
    const std::size_t elements = graph.tiles * tile_elements;
    if (!matrix_ || matrix_->size() != elements) {
      matrix_ = runtime_.buffer<float>(elements);
      std::ranges::fill(matrix_->write(), 1.0F);
    }
    return std::make_unique<Built>(graph_of(graph, *matrix_), runtime_);
  }
  bool infers() const override { return true; }

 private:
  Runtime runtime_;
  std::optional<Buffer<float>> matrix_;  // of the latest tiles
};

}  // namespace

std::unique_ptr<Peer> make_troika(unsigned threads) { return std::make_unique<Troika>(threads); }

}  // namespace troika::bench
