// One plan, run with other buffers and scalars.
#include "tests/unit/exec/rig.h"

namespace troika {
namespace {

class Bindings : public HostRuntime {
 protected:
  std::string refusal(std::initializer_list<Binding> bindings) {
    return error_of([&] { (void)runtime->run(plan, bindings); });
  }
  Graph sums() {
    Graph made;
    made.add(copy, x, y);
    made.add(add, y, 10);
    return made;
  }

  Buffer<int> x = buffer_of({1, 2, 3, 4});
  Buffer<int> y = runtime->buffer<int>(4);
  Graph graph = sums();
  Plan plan = runtime->compile(graph);
  TaskRef adds{graph, TaskIndex{1}};
};

TEST_F(Bindings, replace_buffers_for_one_run) {
  const Buffer<int> other = buffer_of({5, 6, 7, 8});
  runtime->run(plan, {bind(x, other)}).wait();
  EXPECT_EQ(contents(y), (std::vector{15, 16, 17, 18}));
  runtime->run(plan).wait();
  EXPECT_EQ(contents(y), (std::vector{11, 12, 13, 14}));
}

TEST_F(Bindings, replace_scalars_for_one_run) {
  runtime->run(plan, {bind(adds, 1, 100)}).wait();
  EXPECT_EQ(contents(y), (std::vector{101, 102, 103, 104}));
  runtime->run(plan).wait();
  EXPECT_EQ(contents(y), (std::vector{11, 12, 13, 14}));
}

TEST_F(Bindings, to_scalars_of_another_type_or_place_are_refused) {
  EXPECT_EQ(refusal({bind(adds, 1, 1.0F)}),
            "invalid_argument: binding argument 1 of task 1 (add): it is no f32");
  EXPECT_EQ(refusal({bind(adds, 0, 1)}),
            "invalid_argument: binding argument 0 of task 1 (add): it is no i32");
  EXPECT_EQ(refusal({bind(adds, 2, 1)}),
            "invalid_argument: binding argument 2 of task 1 (add): it is no i32");
  EXPECT_EQ(refusal({bind(TaskRef{graph, TaskIndex{7}}, 0, 1)}),
            "not_found: binding: the graph has no task 7");
}

TEST_F(Bindings, to_a_buffer_that_does_not_reach_as_far_are_refused) {
  const Buffer<int> small = runtime->buffer<int>(3);
  EXPECT_EQ(refusal({bind(y, small)}), "out_of_range: binding buffer " +
                                           std::to_string(small.id().value) +
                                           " of 12 bytes where views reach byte 16");
}

TEST_F(Bindings, of_a_buffer_that_the_graph_does_not_use_are_refused) {
  const Buffer<int> stranger = runtime->buffer<int>(4);
  EXPECT_EQ(refusal({bind(stranger, x)}), "not_found: binding: the graph does not use buffer " +
                                              std::to_string(stranger.id().value));
}

TEST_F(Bindings, that_overlap_are_refused_when_one_of_the_two_is_written) {
  const Buffer<int> both = runtime->buffer<int>(4);
  EXPECT_EQ(refusal({bind(x, both), bind(y, both)}),
            "invalid_argument: overlapping binding: buffer " + std::to_string(both.id().value) +
                " would stand for two buffers of the graph, one of them written");
  EXPECT_EQ(refusal({bind(x, y)}),
            "invalid_argument: overlapping binding: buffer " + std::to_string(y.id().value) +
                " would stand for two buffers of the graph, one of them written");
}

TEST_F(Bindings, that_overlap_are_taken_when_both_are_only_read) {
  constexpr Kernel<void(Read<int>, Read<int>, Write<int>)> plus{"plus"};
  define_host(plus, [](HostView<const int> a, HostView<const int> b, HostView<int> sum) {
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] = a[i] + b[i];
  });
  const Buffer<int> a = buffer_of({1, 2, 3, 4}), b = buffer_of({1, 1, 1, 1});
  Graph sum;
  sum.add(plus, a, b, y);
  runtime->run(runtime->compile(sum), {bind(a, x), bind(b, x)}).wait();
  EXPECT_EQ(contents(y), (std::vector{2, 4, 6, 8}));
}

TEST_F(Bindings, to_a_destroyed_buffer_are_refused) {
  std::optional<Buffer<int>> gone = runtime->buffer<int>(4);
  const Binding binding = bind(x, *gone);
  const std::string id = std::to_string(gone->id().value);
  gone.reset();
  EXPECT_EQ(error_of([&] {
              (void)runtime->run(plan, std::span{&binding, 1});
            }),
            "invalid_argument: run: buffer " + id + " was destroyed");
}

}  // namespace
}  // namespace troika
