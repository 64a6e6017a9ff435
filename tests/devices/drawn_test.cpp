// Graphs drawn from a seed on the devices that there are: what they leave is what a serial run
// leaves.
#include "tests/devices/drawn_kernels.h"
#include "tests/devices/real_runtime.h"

namespace troika::oracle {
namespace {

constexpr std::uint64_t seeds = 12;

class Drawn : public RealRuntime {
 protected:
  // Some buffers, up to three graphs on them, and runs of those that overlap.
  void judge(std::uint64_t seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random{seed};
    Case drawn;
    for (std::size_t i = random.between(2, 5); i-- > 0;) add_buffer(random, drawn);
    std::vector<std::pair<GraphCase, Plan>> plans;
    Word salt = 1;
    for (std::size_t i = random.between(1, 3); i-- > 0;) {
      GraphCase graph = draw_graph(random, drawn.words, drawn.pitches, random.between(1, 20), salt,
                                   /*may_split=*/false);
      const Plan plan = runtime->compile(built(graph, drawn));
      plans.emplace_back(std::move(graph), plan);
    }
    std::vector<Run> runs;
    for (std::size_t i = random.between(2, 6); i-- > 0;) {
      const auto& [graph, plan] = plans[random.below(plans.size())];
      runs.push_back(runtime->run(plan));
      run_serially(graph, drawn.truth);
    }
    for (const Run& run : runs) {
      EXPECT_TRUE(run.status().ok()) << run.status().to_string();
      for (std::size_t d = 0; d < run.tasks_by_device().size(); ++d)
        tasks[runtime->devices()[d]->info().name] += run.tasks_by_device()[d];
    }
    for (std::size_t b = 0; b < drawn.buffers.size(); ++b) {
      const std::span<const Word> found = drawn.buffers[b].read();
      ASSERT_EQ((std::vector<Word>{found.begin(), found.end()}), drawn.truth[b]) << "buffer " << b;
    }
  }

  std::map<std::string, std::uint64_t> tasks;  // by device, of all that was judged

 private:
  struct Case {
    std::vector<std::size_t> words, pitches;
    std::vector<std::vector<Word>> truth;
    std::vector<std::unique_ptr<std::vector<Word>>> memory;  // of adopted ones
    std::vector<Buffer<Word>> buffers;
  };

  void add_buffer(Random& random, Case& drawn) {
    drawn.words.push_back(random.between(16, 160));
    drawn.pitches.push_back(random.chance(0.6) ? random.between(4, 16) : 0);
    std::vector<Word>& words = drawn.truth.emplace_back(drawn.words.back());
    for (Word& word : words) word = static_cast<Word>(random.below(1U << 30));
    if (random.chance(0.5)) {
      drawn.memory.push_back(std::make_unique<std::vector<Word>>(words));
      drawn.buffers.push_back(runtime->adopt(std::span{*drawn.memory.back()}));
    } else {
      drawn.buffers.push_back(runtime->buffer<Word>(words.size()));
      std::ranges::copy(words, drawn.buffers.back().write().begin());
    }
  }

  static Graph built(const GraphCase& drawn, const Case& on) {
    Graph graph;
    std::vector<View<Word>> wholes{on.buffers.begin(), on.buffers.end()};
    for (const std::size_t words : drawn.scratch) wholes.push_back(graph.scratch<Word>(words));
    for (const Step& step : drawn.steps) add_step(graph, step, wholes);
    return graph;
  }

  static void run_serially(const GraphCase& graph, std::vector<std::vector<Word>>& truth) {
    const std::size_t buffers = truth.size();
    for (const std::size_t words : graph.scratch) truth.emplace_back(words);
    for (const Step& step : graph.steps) oracle::run_serially(step, truth);
    truth.resize(buffers);
  }
};

TEST_F(Drawn, graphs_on_devices_drawn_by_chance_equal_a_serial_run) {
  ASSERT_NO_FATAL_FAILURE(start("random"));
  if (IsSkipped()) return;
  define_drawn_kernels(runtime->kernels());
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) judge(seed);
  for (const auto& device : runtime->devices())
    EXPECT_GT(tasks[device->info().name], 0U) << device->info().name;
  end();
}

TEST_F(Drawn, graphs_placed_by_load_equal_a_serial_run) {
  ASSERT_NO_FATAL_FAILURE(start("load_aware"));
  if (IsSkipped()) return;
  define_drawn_kernels(runtime->kernels());
  for (std::uint64_t seed = 101; seed <= 100 + seeds; ++seed) judge(seed);
  end();
}

}  // namespace
}  // namespace troika::oracle
