// oneTBB's flow graph: a continue_node per task.
#include <deque>

#include <tbb/flow_graph.h>
#include <tbb/global_control.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>
#include <tbb/version.h>

#include "bench/peers/peer.h"
#include "bench/peers/tally.h"

namespace troika::bench {
namespace {

using Node = tbb::flow::continue_node<tbb::flow::continue_msg>;

class FlowGraph final : public BuiltGraph {
 public:
  FlowGraph(const Shape& shape, tbb::task_arena& arena, unsigned threads)
      : arena_{arena}, tally_{threads} {
    arena_.execute([&] {
      graph_ = std::make_unique<tbb::flow::graph>();
      for (std::uint32_t task = 0; task < shape.tasks; ++task) {
        nodes_.emplace_back(*graph_, [this](const tbb::flow::continue_msg&) {
          tally_.add(static_cast<unsigned>(tbb::this_task_arena::current_thread_index()));
        });
      }
      std::vector<bool> follows(shape.tasks);
      for (const auto& [from, to] : shape.edges) {
        tbb::flow::make_edge(nodes_[from], nodes_[to]);
        follows[to] = true;
      }
      for (std::uint32_t task = 0; task < shape.tasks; ++task) {
        if (!follows[task]) roots_.push_back(&nodes_[task]);
      }
    });
  }
  void run() override {
    arena_.execute([&] {
      // Started by all threads: faster than by one where there are many roots.
      if (roots_.size() < 64) {
        for (Node* root : roots_) root->try_put({});
      } else {
        tbb::parallel_for(std::size_t{0}, roots_.size(),
                          [&](std::size_t i) { roots_[i]->try_put({}); });
      }
      graph_->wait_for_all();
    });
  }
  std::uint64_t tasks_run() const override { return tally_.sum(); }
  std::optional<std::size_t> bytes() const override {
    // The nodes alone; what they allocate for their edges comes on top.
    return nodes_.size() * sizeof(Node);
  }

 private:
  tbb::task_arena& arena_;
  Tally tally_;
  std::unique_ptr<tbb::flow::graph> graph_;
  std::deque<Node> nodes_;
  std::vector<Node*> roots_;
};

class OneTbb final : public Peer {
 public:
  explicit OneTbb(unsigned threads)
      : threads_{threads},
        limit_{tbb::global_control::max_allowed_parallelism, threads},
        arena_{static_cast<int>(threads)} {}
  const char* name() const override { return "onetbb"; }
  std::string about() const override {
    return std::string{"flow graph of oneTBB "} + TBB_runtime_version() +
           "; bytes are those of the nodes alone";
  }
  std::unique_ptr<BuiltGraph> build(const Shape& shape) override {
    return std::make_unique<FlowGraph>(shape, arena_, threads_);
  }

 private:
  unsigned threads_;
  tbb::global_control limit_;
  tbb::task_arena arena_;
};

}  // namespace

std::unique_ptr<Peer> make_onetbb(unsigned threads) { return std::make_unique<OneTbb>(threads); }

}  // namespace troika::bench
