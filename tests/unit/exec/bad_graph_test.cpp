// Graphs that cannot be run are refused when they are compiled, with what is wrong where.
#include "tests/unit/exec/rig.h"

namespace troika {
namespace {

class BadGraph : public HostRuntime {
 protected:
  std::string refusal() {
    return error_of([&] { (void)runtime->compile(graph); });
  }

  Buffer<int> x = runtime->buffer<int>(8);
  Buffer<int> y = runtime->buffer<int>(8);
  Buffer<float> z = runtime->buffer<float>(8);
  Graph graph;
};

TEST_F(BadGraph, an_unknown_kernel_is_named) {
  graph.add("fill", {write(x), 1});
  graph.add("blur", {read(x), write(y)});
  EXPECT_EQ(refusal(), "not_found: task 1 (blur): no kernel is called 'blur'");
}

TEST_F(BadGraph, a_wrong_argument_count_is_told_beside_the_right_one) {
  graph.add("copy", {read(x)});
  EXPECT_EQ(refusal(), "invalid_argument: task 0 (copy): 1 arguments given, the kernel takes 2");
}

TEST_F(BadGraph, a_wrong_type_is_told_beside_the_right_one) {
  graph.add("copy", {read(z), write(y)}).label("first row");
  EXPECT_EQ(refusal(),
            "invalid_argument: task 0 (copy: first row): argument 0 is read f32 buffer, the kernel "
            "takes read i32 buffer");
}

TEST_F(BadGraph, a_wrong_scalar_type_is_told_beside_the_right_one) {
  graph.add("fill", {write(x), 1.0F});
  EXPECT_EQ(refusal(), "invalid_argument: task 0 (fill): argument 1 is f32, the kernel takes i32");
}

TEST_F(BadGraph, a_scalar_for_a_buffer_is_told) {
  graph.add("fill", {1, 1});
  EXPECT_EQ(
      refusal(),
      "invalid_argument: task 0 (fill): argument 0 is i32, the kernel takes write i32 buffer");
}

TEST_F(BadGraph, a_wrong_access_is_told_beside_the_right_one) {
  graph.add("copy", {write(x), write(y)});
  EXPECT_EQ(refusal(),
            "invalid_argument: task 0 (copy): argument 0 is write i32 buffer, the kernel takes "
            "read i32 buffer");
}

TEST_F(BadGraph, a_slice_out_of_range_is_refused_when_it_is_made) {
  EXPECT_EQ(error_of([&] { (void)x.slice(6, 3); }),
            "out_of_range: view out of range: slice [6, +3) of 8 elements");
  EXPECT_EQ(error_of([&] { (void)x.tile(5, 2, 2, 4); }),
            "out_of_range: view out of range: tile at 5 of 2 x 2, pitch 4, of 8 elements");
}

TEST_F(BadGraph, an_operand_out_of_range_is_refused) {
  Operand beyond = x;
  beyond.region = Region::bytes(8, 28);
  graph.add("fill", {write(beyond), 1});
  EXPECT_EQ(refusal(),
            "out_of_range: task 0 (fill): argument 0: view out of range: ends at byte 36 of 32");
}

TEST_F(BadGraph, numbers_so_large_that_they_wrap_around_are_refused) {
  EXPECT_EQ(error_of([&] { (void)x.tile(0, 1, (~std::size_t{0} >> 1) + 2, 2); }).substr(0, 12),
            "out_of_range");
  Operand beyond = x;
  beyond.region = Region::bytes(16, ~std::size_t{0} - 7);
  graph.add("fill", {write(beyond), 1});
  EXPECT_EQ(refusal().substr(0, 12), "out_of_range");
}

TEST_F(BadGraph, rows_that_overlap_are_refused) {
  Operand overlapping = x;
  overlapping.region = {0, 8, 3, 4};
  graph.add("fill", {write(overlapping), 1});
  EXPECT_EQ(refusal(),
            "invalid_argument: task 0 (fill): argument 0: rows of 8 bytes overlap at a pitch of 4");
}

TEST_F(BadGraph, an_empty_view_is_refused) {
  graph.add(fill, x.slice(3, 0), 1);
  EXPECT_EQ(refusal(), "invalid_argument: task 0 (fill): argument 0 is an empty view");
}

TEST_F(BadGraph, a_cycle_by_after_is_refused_with_a_task_of_it) {
  TaskRef first = graph.add(fill, x, 1);
  const TaskRef second = graph.add(add, x, 1);
  first.after(second);
  EXPECT_EQ(refusal(), "invalid_argument: after() makes a cycle through or before task 0 (fill)");
}

TEST_F(BadGraph, a_task_after_itself_is_refused) {
  TaskRef first = graph.add(fill, x, 1);
  first.after(first);
  EXPECT_EQ(refusal(), "invalid_argument: after() makes a cycle through or before task 0 (fill)");
}

TEST_F(BadGraph, a_kernel_defined_twice_in_one_dialect_or_with_other_parameters_is_refused) {
  EXPECT_EQ(define(fill).host([](HostView<int>, int) {}).into(runtime->kernels()).to_string(),
            "invalid_argument: kernel 'fill' already has an implementation in host");
  constexpr Kernel<void(Write<float>, int)> other{"fill"};
  EXPECT_EQ(define(other).host([](HostView<float>, int) {}).into(runtime->kernels()).to_string(),
            "invalid_argument: kernel 'fill' is already defined with other parameters");
}

TEST_F(BadGraph, an_empty_graph_is_no_mistake_and_is_done_at_once) {
  const Run run = runtime->run(graph);
  run.wait();
  EXPECT_TRUE(run.done());
}

TEST(BadOptions, a_device_that_is_not_there_is_named) {
  RuntimeOptions options;
  options.devices = {"abacus"};
  EXPECT_EQ(error_of([&] { Runtime runtime(host_parts(1), options); }),
            "not_found: no device is called 'abacus'");
}

TEST(BadOptions, an_unknown_policy_is_named) {
  RuntimeOptions options;
  options.policy = "telepathy";
  const std::string error = error_of([&] { Runtime runtime(host_parts(1), options); });
  EXPECT_NE(error.find("telepathy"), std::string::npos) << error;
}

}  // namespace
}  // namespace troika
