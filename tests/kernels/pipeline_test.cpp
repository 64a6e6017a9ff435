// The demo's graph, run task by task without a runtime.
#include "examples/pipeline.h"

#include <map>
#include <random>
#include <set>

#include <gtest/gtest.h>

#include "kernels/enlarge/enlarge.h"
#include "kernels/exposure/exposure.h"
#include "kernels/kernels.h"
#include "runtime/graph/task_graph.h"
#include "tests/kernels/dialect_test.h"

namespace troika {
namespace {

using namespace kernels;

template <class T>
View<T> buffer(std::uint32_t id, std::size_t count) {
  return {Storage{BufferId{id}, 0, count * sizeof(T)}, Region::bytes(0, count * sizeof(T))};
}

// A pipeline on a small picture and the bytes it works on.
struct Fixture {
  Rgb8 source;
  PipelineShape shape;
  std::vector<i32> weights;
  PipelineResult result;
  KernelRegistry registry;
  std::shared_ptr<const TaskGraph> graph;
  std::map<std::uint32_t, std::vector<std::byte>> scratch;

  Fixture(int width, int height, int factor, int tile) : source(width, height, 3) {
    std::mt19937 random{11};
    source = noise<u8>(random, width, height, 3, 255);
    shape = {width, height, factor, tile, tile};
    weights = enlarge_weights(factor);
    result.picture = Rgb8(shape.width(), shape.height(), 3);
    result.exposure = Image<float>(exposure_blocks(shape.width()), exposure_blocks(shape.height()));
    EXPECT_TRUE(define_all(registry).ok());
    const Graph built =
        pipeline_graph(shape, {buffer<u8>(0, source.samples.size()), buffer<i32>(1, weights.size()),
                               buffer<u8>(2, result.picture.samples.size()),
                               buffer<float>(3, result.exposure.samples.size())});
    auto compiled = TaskGraph::compile(built, registry);
    EXPECT_TRUE(compiled.ok()) << compiled.status().to_string();
    graph = *compiled;
  }

  std::span<std::byte> bytes_of(std::uint32_t slot) {
    const Storage& storage = graph->slots()[slot];
    switch (storage.buffer.value) {
      case 0: return std::as_writable_bytes(std::span{source.samples});
      case 1: return std::as_writable_bytes(std::span{weights});
      case 2: return std::as_writable_bytes(std::span{result.picture.samples});
      case 3: return std::as_writable_bytes(std::span{result.exposure.samples});
      default: break;
    }
    std::vector<std::byte>& bytes = scratch[storage.scratch];
    bytes.resize(storage.bytes, std::byte{0xA5});
    return bytes;
  }
  Status run(TaskIndex task, Runner& runner) {
    std::vector<CallArg> args;
    for (const Arg& arg : graph->args(task)) {
      CallArg& to = args.emplace_back(0);
      to.scalar = arg.scalar;
      if (!arg.is_buffer) continue;
      to.bytes = bytes_of(arg.slot);
      to.region = arg.region;
    }
    return runner.run(graph->operation(task), args);
  }
};

// In an order drawn by seed, of all those that the edges allow, each on one of the runners.
void run_shuffled(Fixture& fixture, std::span<Runner* const> runners, unsigned seed) {
  std::mt19937 random{seed};
  const TaskGraph& graph = *fixture.graph;
  std::vector<std::uint32_t> waits(graph.size()), ready;
  for (std::uint32_t i = 0; i < graph.size(); ++i) {
    waits[i] = graph.task(TaskIndex{i}).predecessors;
    if (waits[i] == 0) ready.push_back(i);
  }
  std::size_t done = 0;
  for (; !ready.empty(); ++done) {
    std::swap(ready[random() % ready.size()], ready.back());
    const TaskIndex task{ready.back()};
    ready.pop_back();
    const Status status = fixture.run(task, *runners[random() % runners.size()]);
    ASSERT_TRUE(status.ok()) << graph.name_of(task) << ": " << status.to_string();
    for (const std::uint32_t next : graph.successors(task))
      if (--waits[next] == 0) ready.push_back(next);
  }
  ASSERT_EQ(done, graph.size());
}

TEST(Pipeline, any_order_that_its_edges_allow_gives_the_reference_picture) {
  const auto host = host_runner();
  Runner* const runners[] = {host.get()};
  for (unsigned seed = 0; seed < 10; ++seed) {
    Fixture fixture(67, 45, 3, 32);
    run_shuffled(fixture, runners, seed);
    const Status same = compare(fixture.result, pipeline_reference(fixture.source, 3));
    ASSERT_TRUE(same.ok()) << "seed " << seed << ": " << same.to_string();
  }
}

TEST(Pipeline, host_and_opencl_mixed_at_random_give_the_reference_picture) {
  const auto opencl = opencl_runner();
  if (!opencl.ok() && opencl.status().code() == Code::unavailable)
    GTEST_SKIP() << opencl.status().to_string();
  ASSERT_TRUE(opencl.ok()) << opencl.status().to_string();
  const auto host = host_runner();
  Runner* const runners[] = {host.get(), opencl->get()};
  Fixture fixture(101, 45, 2, 48);
  run_shuffled(fixture, runners, 1);
  const Status same = compare(fixture.result, pipeline_reference(fixture.source, 2));
  ASSERT_TRUE(same.ok()) << same.to_string();
}

TEST(Pipeline, a_tile_waits_only_for_the_tiles_that_its_halo_touches) {
  const Fixture fixture(80, 80, 2, 32);  // 5 x 5 tiles
  const TaskGraph& graph = *fixture.graph;
  std::map<std::string, std::set<std::uint32_t>> predecessors;
  for (std::uint32_t i = 0; i < graph.size(); ++i)
    predecessors[graph.operation(TaskIndex{i}).name].insert(graph.task(TaskIndex{i}).predecessors);
  EXPECT_EQ(predecessors["enlarge"], (std::set<std::uint32_t>{0}));
  EXPECT_EQ(predecessors["luma"], (std::set<std::uint32_t>{1}));
  EXPECT_EQ(predecessors["smooth"], (std::set<std::uint32_t>{4, 6, 9}));
  EXPECT_EQ(predecessors["blur_rows"], (std::set<std::uint32_t>{2, 3}));
  EXPECT_EQ(predecessors["blur_columns"], (std::set<std::uint32_t>{2, 3}));
  EXPECT_EQ(predecessors["tone_curve"], (std::set<std::uint32_t>{25}));
}

TEST(Pipeline, a_smaller_picture_is_enlarged_to_eight_megapixels_and_cut_into_500_tasks) {
  for (const auto& [width, height] : {std::pair{1000, 872}, {512, 512}, {3000, 2667}, {640, 480}}) {
    const PipelineShape shape = pipeline_shape(width, height);
    EXPECT_GE(std::int64_t{shape.width()} * shape.height(), pipeline_pixels_min);
    EXPECT_LE(std::max(shape.tile_w, shape.tile_h), 512);
    EXPECT_GE(10 * shape.tiles() + 1, 500);
    EXPECT_EQ(shape.tile_w % exposure_block, 0);
    EXPECT_EQ(shape.tile_h % exposure_block, 0);
  }
  EXPECT_EQ(pipeline_shape(1000, 872).factor, 4);
  EXPECT_EQ(pipeline_shape(5000, 4000).factor, 1);
  EXPECT_EQ(pipeline_shape(1, 1).factor, enlarge_factor_max);
  EXPECT_EQ(pipeline_shape(1000, 872, 1).tiles(), 1);
  EXPECT_GE(pipeline_shape(1000, 872, 300).tiles(), 300);
}

TEST(Pipeline, its_tiles_cover_the_picture_once) {
  for (const int tiles : {0, 1, 7, 100, 100'000}) {
    const PipelineShape shape = pipeline_shape(211, 97, tiles);
    std::int64_t covered = 0;
    for (int i = 0; i < shape.tiles(); ++i) {
      const Rect t = shape.tile(i);
      ASSERT_TRUE(t.w > 0 && t.h > 0);
      ASSERT_TRUE(t.x + t.w <= shape.width() && t.y + t.h <= shape.height());
      covered += std::int64_t{t.w} * t.h;
    }
    ASSERT_EQ(covered, std::int64_t{shape.width()} * shape.height());
  }
}

TEST(Pipeline, comparing_names_the_first_sample_or_float_that_differs) {
  const PipelineResult expected = pipeline_reference(Rgb8(20, 20, 3), 1);
  PipelineResult got = expected;
  got.picture.at(3, 2, 1) = 9;
  EXPECT_EQ(compare(got, expected).message(), "sample 1 of pixel 3, 2 is 9, not 0");
  got = expected;
  got.exposure.at(1, 0) = NAN;
  EXPECT_EQ(compare(got, expected).code(), Code::data_lost);
  EXPECT_TRUE(compare(expected, expected).ok());
}

}  // namespace
}  // namespace troika
