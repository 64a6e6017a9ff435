#include "bench/contestant.h"

#include <iostream>
#include <stdexcept>

#include "bench/samples.h"

namespace troika::bench {
namespace {

class InThisProcess final : public Contestant {
 public:
  explicit InThisProcess(std::unique_ptr<Peer> peer) : peer_{std::move(peer)} {}
  std::string name() const override { return peer_->name(); }
  std::string about() const override { return peer_->about(); }
  std::uint32_t scaled_down() const override { return peer_->scaled_down(); }

  Sample sample(const GraphName&, const Shape& shape) override {
    peer_->resume();
    const Sample result = measure(shape);
    peer_->pause();
    return result;
  }

 private:
  Sample measure(const Shape& shape) {
    constexpr int replays = 3;
    std::unique_ptr<BuiltGraph> graph;
    Sample result;
    result.build = nanos([&] {
                     graph = peer_->build(shape);
                     graph->run();
                   }) /
                   shape.tasks;
    std::vector<double> runs;
    for (int i = 0; i < replays; ++i) runs.push_back(nanos([&] { graph->run(); }) / shape.tasks);
    result.replay = summary_of(runs).median;
    if (const auto bytes = graph->bytes()) result.bytes = static_cast<double>(*bytes) / shape.tasks;
    if (graph->tasks_run() != std::uint64_t{shape.tasks} * (replays + 1))
      throw std::runtime_error(name() + " lost tasks of " + shape.name);
    return result;
  }

  std::unique_ptr<Peer> peer_;
};

}  // namespace

std::unique_ptr<Contestant> in_this_process(std::unique_ptr<Peer> peer) {
  return std::make_unique<InThisProcess>(std::move(peer));
}

void serve(Contestant& contestant) {
  std::cout << contestant.about() << std::endl;
  GraphName graph;
  while (std::cin >> graph.name >> graph.tasks) {
    const Sample sample = contestant.sample(graph, overhead_shape(graph));
    std::cout << sample.build << ' ' << sample.replay << ' ' << sample.bytes.value_or(0)
              << std::endl;
  }
}

}  // namespace troika::bench
