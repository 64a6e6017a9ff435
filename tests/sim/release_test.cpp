#include <optional>

#include <gtest/gtest.h>

#include "tests/sim/simulated.h"

namespace troika::oracle {
namespace {

constexpr std::size_t words = 256;

TEST(Release, buffers_given_up_in_use_live_until_the_run_is_over) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    SimulatedOptions options;
    options.world = sim::WorldOptions::adversarial(seed);
    options.runtime.policy = "random";
    options.runtime.seed = seed;
    Simulated simulated{small_machine(), options};
    std::optional<Runtime>& runtime = simulated.runtime;
    sim::World& world = simulated.world;

    std::vector<Word> memory(words, 7);
    std::vector<std::vector<Word>> truth{memory, std::vector<Word>(words, 0),
                                         std::vector<Word>(words, 0)};
    std::optional<Buffer<Word>> kept = runtime->buffer<Word>(words);
    std::optional<troika::Run> run;
    {
      // Given up in the reverse order: `own` at once, `adopted` once nothing touches the memory.
      const Buffer<Word> adopted = runtime->adopt(std::span{memory});
      const Buffer<Word> own = runtime->buffer<Word>(words);
      const Operand views[] = {adopted.view(), own.view(), kept->view()};
      Graph graph;
      Word salt = 1;
      const auto add = [&](const char* kernel, std::vector<std::size_t> on, Access last) {
        std::vector<AnyArg> args;
        Step step;
        for (const std::size_t b : on) {
          args.emplace_back(b == on.back() ? last : Access::read, views[b]);
          step.pieces.push_back({b, 0, words, 1, words});
        }
        args.emplace_back(step.salt = salt++);
        graph.add(step.kernel = kernel, std::span<const AnyArg>{args});
        run_serially(step, truth);
      };
      add("make", {1}, Access::write);
      for (int i = 0; i < 4; ++i) {
        add("mix", {1, 0}, Access::update);
        add("mix", {0, 1}, Access::update);
      }
      add("join", {0, 1, 2}, Access::write);
      run = runtime->run(runtime->compile(graph));
      world.run_until(world.now() + Nanos{static_cast<Nanos::rep>(seed * 2'000)});
    }
    const std::vector<Word> left = memory;
    EXPECT_TRUE(run->status().ok()) << run->status().to_string();
    const std::span<const Word> got = kept->read();
    EXPECT_EQ(std::vector<Word>(got.begin(), got.end()), truth[2]) << "seed " << seed;
    run.reset();
    kept.reset();
    simulated.end();
    EXPECT_EQ(memory, left) << "the user had it back, seed " << seed;
  }
}

}  // namespace
}  // namespace troika::oracle
