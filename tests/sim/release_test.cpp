#include <optional>

#include <gtest/gtest.h>

#include "backends/sim/sim.h"
#include "backends/sim/workers.h"
#include "runtime/exec/runtime.h"
#include "tests/sim/random_case.h"
#include "tests/sim/small_machine.h"

namespace troika::oracle {
namespace {

constexpr std::size_t words = 256;

TEST(Release, buffers_given_up_in_use_live_until_the_run_is_over) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    sim::World world{sim::WorldOptions::adversarial(seed)};
    sim::SimWorkers workers{world, {2, 8, Nanos{5'000}}};
    auto opened = sim::open(world, small_machine(), {});
    RuntimeParts parts;
    parts.environment = &world;
    parts.workers = &workers;
    parts.devices = std::move(opened.devices);
    RuntimeOptions options;
    options.policy = "random";
    options.seed = seed;
    std::optional<Runtime> runtime;
    runtime.emplace(std::move(parts), options);
    Kernels::define(runtime->kernels(), world, [](TaskContext&, Word) {});

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
    runtime.reset();
    EXPECT_EQ(memory, left) << "the user had it back, seed " << seed;
    for (const std::string& text : world.violations())
      ADD_FAILURE() << "seed " << seed << ": " << text;
  }
}

}  // namespace
}  // namespace troika::oracle
