// Files that are wrong: each is refused by the name of what is wrong in it.
#include <gmock/gmock.h>

#include "tests/unit/exec/rig.h"
#include "tests/unit/onnx/models.h"

namespace troika::onnx {
namespace {

using testing::AllOf;
using testing::AnyOf;
using testing::HasSubstr;
using testing::StartsWith;

std::string refusal_of(const ::onnx::ModelProto& model) {
  return error_of([&] { (void)load(model); });
}

TEST(Load, inputs_outputs_and_nodes_are_those_of_the_file) {
  const Model model = load(mlp_model());
  ASSERT_EQ(model.inputs().size(), 1u);
  EXPECT_EQ(model.inputs()[0].name, "x");
  EXPECT_EQ(model.inputs()[0].dims, (Dims{-1, 3}));
  ASSERT_EQ(model.outputs().size(), 1u);
  EXPECT_EQ(model.outputs()[0].name, "y");
  EXPECT_EQ(model.graph().nodes.size(), 4u);
}

TEST(Load, nodes_in_a_cycle_are_refused_by_name) {
  ::onnx::ModelProto model = empty_model();
  add_node(model, "Relu", "first", {"b"}, {"a"});
  add_node(model, "Relu", "second", {"a"}, {"b"});
  add_output(model, "b", {1});
  EXPECT_THAT(refusal_of(model),
              AllOf(StartsWith("invalid_argument: "), HasSubstr("'b'"), HasSubstr("first")));
}

TEST(Load, a_node_that_reads_what_nobody_makes_is_refused_by_name) {
  ::onnx::ModelProto model = relu_model();
  model.mutable_graph()->mutable_node(0)->set_input(0, "nowhere");
  EXPECT_THAT(refusal_of(model),
              AllOf(StartsWith("invalid_argument: "), HasSubstr("'nowhere'"), HasSubstr("clip")));
}

TEST(Load, an_output_that_nobody_makes_is_refused_by_name) {
  ::onnx::ModelProto model = relu_model();
  add_output(model, "z", {2, 3});
  EXPECT_EQ(refusal_of(model), "invalid_argument: nothing makes output 'z'");
}

TEST(Load, a_constant_that_claims_more_than_the_limit_is_refused_before_it_is_allocated) {
  ::onnx::ModelProto model = relu_model();
  add_weights(model, "w", {std::int64_t{1} << 40}, {1, 2, 3});
  EXPECT_EQ(refusal_of(model),
            "exhausted: tensor 'w': a tensor of 1099511627776 is larger than 1073741824 bytes");
}

TEST(Load, dimensions_whose_product_overflows_are_refused) {
  ::onnx::ModelProto model = relu_model();
  add_weights(model, "w", {std::int64_t{1} << 31, std::int64_t{1} << 31, 3}, {1, 2, 3});
  EXPECT_EQ(refusal_of(model),
            "exhausted: tensor 'w': a tensor of 2147483648x2147483648x3 is larger than 1073741824 "
            "bytes");
}

TEST(Load, a_constant_with_a_negative_dimension_is_refused_by_name) {
  ::onnx::ModelProto model = relu_model();
  add_weights(model, "w", {-3, -1}, {1, 2, 3});
  EXPECT_EQ(refusal_of(model), "invalid_argument: tensor 'w': negative dimension in -3x-1");
}

TEST(Load, a_constant_with_less_data_than_its_shape_wants_is_refused_by_name) {
  ::onnx::ModelProto model = relu_model();
  add_weights(model, "w", {2, 2}, {1, 2, 3});
  EXPECT_EQ(refusal_of(model),
            "invalid_argument: tensor 'w': has data for 3 elements, its shape is 2x2");
}

TEST(Load, an_operator_that_onnx_does_not_know_is_refused_by_name) {
  ::onnx::ModelProto model = relu_model();
  model.mutable_graph()->mutable_node(0)->set_op_type("Frobnicate");
  EXPECT_THAT(refusal_of(model),
              AllOf(StartsWith("invalid_argument: "), HasSubstr("Frobnicate"), HasSubstr("clip")));
}

TEST(Load, an_operator_that_is_not_there_is_refused_by_name) {
  ::onnx::ModelProto model = relu_model();
  model.mutable_graph()->mutable_node(0)->set_op_type("Det");
  EXPECT_THAT(refusal_of(model), StartsWith("unsupported: node 'clip' (Det): "));
}

TEST(Load, a_file_cut_short_anywhere_is_refused) {
  const std::string whole = mlp_model().SerializeAsString();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const std::span<const char> cut{whole.data(), size};
    // Cut between two fields, a file still parses: without a graph, or without its operator set.
    EXPECT_THAT(error_of([&] { (void)Model::load(std::as_bytes(cut)); }),
                AnyOf(StartsWith("invalid_argument: "), StartsWith("unsupported: operator set 0;")))
        << size << " of " << whole.size() << " bytes";
  }
}

}  // namespace
}  // namespace troika::onnx
