// Troika's host lane, bursts recorded as they are by default.
#include <array>
#include <chrono>

#include "bench/peers/peer.h"
#include "bench/peers/tally.h"
#include "bench/peers/thread_pool.h"
#include "runtime/exec/host_lane.h"

namespace troika::bench {
namespace {

class LaneBuilt final : public BuiltGraph {
 public:
  LaneBuilt(const Shape& shape, HostLane& lane, unsigned threads)
      : lane_{lane}, tally_{threads}, graph_{make(shape)}, run_{graph_} {}

  void run() override {
    Event over;
    over_ = &over;
    lane_.start(run_,
                {.state = this,
                 .run =
                     [](void* self, std::uint32_t, unsigned worker) noexcept {
                       static_cast<LaneBuilt*>(self)->tally_.add(worker);
                       return LaneOutcome::done;
                     },
                 .skipped = nullptr,
                 .over = [](void* self) noexcept { static_cast<LaneBuilt*>(self)->over_->set(); }});
    over.wait();
  }
  std::uint64_t tasks_run() const override { return tally_.sum(); }
  std::size_t bytes() const override { return graph_.bytes() + run_.bytes(); }

 private:
  static LaneGraph make(const Shape& shape) {
    std::vector<LaneEdge> edges;
    edges.reserve(shape.edges.size());
    for (const auto& [from, to] : shape.edges) edges.push_back({from, to});
    auto graph = LaneGraph::make(shape.tasks, edges);
    if (!graph.ok()) throw std::runtime_error(graph.status().to_string());
    return *std::move(graph);
  }

  HostLane& lane_;
  Tally tally_;
  LaneGraph graph_;
  LaneRun run_;
  Event* over_ = nullptr;
};

class Troika final : public Peer {
 public:
  explicit Troika(unsigned threads)
      : threads_{threads},
        pool_{threads},
        rings_(threads),
        lane_{pool_, {.recorder = recorder()}} {}
  const char* name() const override { return "troika"; }
  std::unique_ptr<BuiltGraph> build(const Shape& shape) override {
    return std::make_unique<LaneBuilt>(shape, lane_, threads_);
  }

 private:
  // A trace's ring, as each worker would have one.
  struct alignas(64) Ring {
    std::array<LaneBurst, 1024> bursts;
    std::size_t next = 0;
  };

  LaneRecorder recorder() {
    return {.state = this,
            .now =
                [](void*) noexcept {
                  return std::chrono::duration_cast<Nanos>(
                      std::chrono::steady_clock::now().time_since_epoch());
                },
            .record =
                [](void* self, const LaneBurst& burst) noexcept {
                  Ring& ring = static_cast<Troika*>(self)->rings_[burst.worker];
                  ring.bursts[ring.next++ % ring.bursts.size()] = burst;
                }};
  }

  unsigned threads_;
  ThreadPool pool_;
  std::vector<Ring> rings_;
  HostLane lane_;
};

}  // namespace

std::unique_ptr<Peer> make_troika(unsigned threads) { return std::make_unique<Troika>(threads); }

}  // namespace troika::bench
