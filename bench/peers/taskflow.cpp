// Taskflow: a taskflow of empty tasks, run by one executor.
#include <taskflow/taskflow.hpp>

#include "bench/peers/peer.h"
#include "bench/peers/tally.h"

namespace troika::bench {
namespace {

class TaskflowGraph final : public BuiltGraph {
 public:
  TaskflowGraph(const Shape& shape, tf::Executor& executor)
      : executor_{executor}, tally_{static_cast<unsigned>(executor.num_workers())} {
    std::vector<tf::Task> tasks;
    tasks.reserve(shape.tasks);
    for (std::uint32_t task = 0; task < shape.tasks; ++task)
      tasks.push_back(taskflow_.emplace(
          [this] { tally_.add(static_cast<unsigned>(executor_.this_worker_id())); }));
    for (const auto& [from, to] : shape.edges) tasks[from].precede(tasks[to]);
  }
  void run() override { executor_.run(taskflow_).wait(); }
  std::uint64_t tasks_run() const override { return tally_.sum(); }
  // Its nodes are not for users to see.
  std::optional<std::size_t> bytes() const override { return std::nullopt; }

 private:
  tf::Executor& executor_;
  Tally tally_;
  tf::Taskflow taskflow_;
};

class Taskflow final : public Peer {
 public:
  explicit Taskflow(unsigned threads) : executor_{threads} {}
  const char* name() const override { return "taskflow"; }
  std::string about() const override { return std::string{"Taskflow "} + tf::version(); }
  std::unique_ptr<BuiltGraph> build(const Shape& shape) override {
    return std::make_unique<TaskflowGraph>(shape, executor_);
  }

 private:
  tf::Executor executor_;
};

}  // namespace

MaybePeer make_taskflow(unsigned threads) {
  return std::unique_ptr<Peer>{std::make_unique<Taskflow>(threads)};
}

}  // namespace troika::bench
