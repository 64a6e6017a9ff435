// The demo's graph on every device at once, each task on one drawn by chance: exact, and not a byte
// moves but those that a model of who holds what predicts.
#include "examples/pipeline.h"

#include <cmath>
#include <random>

#include "kernels/enlarge/enlarge.h"
#include "kernels/exposure/exposure.h"
#include "kernels/kernels.h"
#include "tests/devices/real_runtime.h"

namespace troika {
namespace {

using namespace kernels;

// Which spaces hold each byte of a graph's buffers as of the task before; at most 8 spaces.
class Holders {
 public:
  // `from_host`: what the host holds at first.
  Holders(const TaskGraph& graph, std::initializer_list<BufferId> from_host) : graph_{graph} {
    for (const Storage& slot : graph.slots()) held_.emplace_back(slot.bytes, std::uint8_t{0});
    for (const BufferId buffer : from_host)
      std::ranges::fill(held_[slot_of(buffer)], bit(host_space));
  }

  void task(std::span<const Arg> args, SpaceId space) {
    for (const Arg& arg : args)
      if (arg.is_buffer && reads(arg.access))
        each(arg, [&](std::uint8_t& held) {
          moved += (held & bit(space)) == 0 ? 1 : 0;
          held |= bit(space);
        });
    for (const Arg& arg : args)
      if (arg.is_buffer && writes(arg.access))
        each(arg, [&](std::uint8_t& held) { held = bit(space); });
  }

  void host_reads(BufferId buffer) {
    Arg arg;
    arg.is_buffer = true;
    arg.slot = slot_of(buffer);
    arg.region = Region::bytes(0, held_[arg.slot].size());
    task({&arg, 1}, host_space);
  }

  std::uint64_t moved = 0;

 private:
  static std::uint8_t bit(SpaceId space) { return static_cast<std::uint8_t>(1U << space.value); }
  std::uint32_t slot_of(BufferId buffer) const {
    std::uint32_t slot = 0;
    while (graph_.slots()[slot].buffer != buffer) ++slot;
    return slot;
  }
  template <class F>
  void each(const Arg& arg, F&& f) {
    for (std::size_t row = 0; row < arg.region.rows; ++row)
      for (std::size_t byte = 0; byte < arg.region.row_bytes; ++byte)
        f(held_[arg.slot][arg.region.offset + row * arg.region.pitch + byte]);
  }

  const TaskGraph& graph_;
  std::vector<std::vector<std::uint8_t>> held_;  // by slot and byte
};

class DemosGraph : public RealRuntime {};

TEST_F(DemosGraph, on_every_device_at_once_is_exact_and_moves_what_is_predicted) {
  ASSERT_NO_FATAL_FAILURE(start("load_aware"));
  if (IsSkipped()) return;
  throw_if_failed(define_all(runtime->kernels()));
  constexpr int width = 80, height = 56, factor = 2;
  std::mt19937 random{3};
  Rgb8 source(width, height, 3);
  for (u8& sample : source.samples) sample = static_cast<u8>(random());
  const PipelineShape shape{width, height, factor, 48, 32};
  std::vector<i32> weights = enlarge_weights(factor);
  {
    const auto from = runtime->adopt(std::span{source.samples});
    const auto table = runtime->adopt(std::span{weights});
    const auto picture = runtime->buffer<u8>(factor * factor * source.samples.size());
    const auto light = runtime->buffer<float>(
        static_cast<std::size_t>(exposure_blocks(shape.width()) * exposure_blocks(shape.height())));
    Graph graph = pipeline_graph(shape, {from, table, picture, light});
    std::vector<std::size_t> where;
    for (std::uint32_t t = 0; t < graph.size(); ++t) {
      where.push_back(random() % runtime->devices().size());
      TaskRef{graph, TaskIndex{t}}.only_on(runtime->devices()[where.back()]->info().name);
    }
    const Plan plan = runtime->compile(graph);
    const Run run = runtime->run(plan);
    run.wait();
    const TaskGraph& tasks = *plan.state()->graph;
    Holders model{tasks, {from.id(), table.id()}};
    for (std::uint32_t t = 0; t < graph.size(); ++t)
      model.task(tasks.args(TaskIndex{t}), runtime->devices()[where[t]]->info().space);
    PipelineResult got{
        Rgb8(shape.width(), shape.height(), 3),
        Image<float>(exposure_blocks(shape.width()), exposure_blocks(shape.height()))};
    std::ranges::copy(picture.read(), got.picture.samples.begin());
    std::ranges::copy(light.read(), got.exposure.samples.begin());
    model.host_reads(picture.id());
    model.host_reads(light.id());
    const Status same = compare(got, pipeline_reference(source, factor));
    EXPECT_TRUE(same.ok()) << same.to_string();
    EXPECT_EQ(runtime->counters().bytes_copied, model.moved);
    for (std::size_t d = 0; d < runtime->devices().size(); ++d)
      EXPECT_GT(run.tasks_by_device()[d], 0U) << runtime->devices()[d]->info().name;
  }
  end();
}

}  // namespace
}  // namespace troika
