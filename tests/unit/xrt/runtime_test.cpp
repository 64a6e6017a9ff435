// The whole runtime with cards of the device model: what it computes, and which bytes it moves.
#include <numeric>

#include "runtime/troika.h"
#include "tests/unit/xrt/model.h"

namespace troika::xrt {
namespace {

constexpr Kernel<void(Read<int>, Write<int>, int, int)> add{"suite_add"};  // y = x + v
constexpr Kernel<void(Read<int>, Write<int>, int)> twice{"other_double"};  // y = 2 x
constexpr Kernel<void(Update<int>, int)> on_host{"on_host"};               // x += v

constexpr std::size_t n = 5000, bytes = 4 * n;

class XrtRuntime : public OnXrtModel {
 protected:
  // With one card, so that every byte's way is known.
  void start(const std::string& images) {
    have_cards("1");
    RuntimeOptions options;
    options.workers = 2;
    options.backends = images;
    options.devices = {"host", "xrt"};
    runtime.emplace(options);
    std::string names;
    for (const auto& device : runtime->devices()) names += device->info().name + ' ';
    ASSERT_TRUE(names.ends_with(" xrt0 ")) << names;
    throw_if_failed(define(add).xclbin().into(runtime->kernels()));
    throw_if_failed(define(twice).xclbin().into(runtime->kernels()));
    throw_if_failed(define(on_host)
                        .host([](HostView<int> x, int v) {
                          for (int& element : x) element += v;
                        })
                        .into(runtime->kernels()));
  }

  std::optional<Runtime> runtime;
};

// host -> image 1 -> image 2 -> image 1 -> host, four chains of it at once.
TEST_F(XrtRuntime, a_graph_of_two_images_and_the_host_is_exact) {
  start("xrt." + image_option("suite") + ",xrt." + image_option("other"));
  Graph graph;
  std::vector<std::vector<int>> memory(4, std::vector<int>(n));
  std::vector<Buffer<int>> kept, ends;  // a graph keeps none alive
  const int count = static_cast<int>(n);
  for (std::size_t chain = 0; chain < memory.size(); ++chain) {
    std::iota(memory[chain].begin(), memory[chain].end(), static_cast<int>(chain));
    const auto x = runtime->adopt(std::span{memory[chain]});
    const auto y = runtime->buffer<int>(n);
    const auto z = runtime->buffer<int>(n);
    ends.push_back(runtime->buffer<int>(n));
    kept.insert(kept.end(), {x, y, z});
    graph.add(on_host, x, 1);
    graph.add(add, x, y, 10, count);
    graph.add(twice, y, z, count);
    graph.add(add, z, ends.back(), 5, count);
    graph.add(on_host, ends.back(), 1000);
  }
  for (int replay = 0; replay < 3; ++replay) runtime->run(graph).wait();
  for (std::size_t chain = 0; chain < memory.size(); ++chain) {
    const auto end = ends[chain].read();
    for (const std::size_t i : {std::size_t{0}, n / 2, n - 1})
      EXPECT_EQ(end.data()[i], 2 * (static_cast<int>(i + chain) + 3 + 10) + 5 + 1000)
          << chain << ", " << i;
  }
}

TEST_F(XrtRuntime, only_what_a_task_reads_goes_to_the_card_and_only_what_is_read_comes_back) {
  start("xrt." + image_option("suite"));
  std::vector<int> memory(n, 4);
  Graph graph;
  const auto x = runtime->adopt(std::span{memory});
  const auto y = runtime->buffer<int>(n), z = runtime->buffer<int>(n);
  graph.add(add, x, y, 1, static_cast<int>(n));
  graph.add(add, y, z, 1, static_cast<int>(n));
  runtime->run(graph).wait();
  EXPECT_EQ(runtime->counters().bytes_copied, bytes);
  EXPECT_EQ(z.read().data()[n - 1], 6);
  EXPECT_EQ(runtime->counters().bytes_copied, 2 * bytes);
}

TEST_F(XrtRuntime, pages_of_the_hosts_are_worked_on_in_place) {
  start("xrt." + image_option("host"));
  const auto x = runtime->buffer<int>(n), y = runtime->buffer<int>(n);
  Graph graph;
  for (int& element : x.write()) element = 4;
  graph.add(add, x, y, 1, static_cast<int>(n));
  runtime->run(graph).wait();
  EXPECT_EQ(y.read().data()[n - 1], 5);
  EXPECT_EQ(runtime->counters().bytes_copied, 0U);
}

}  // namespace
}  // namespace troika::xrt
