// What configurations say, and what is refused in them.
#include <gtest/gtest.h>

#include "serving/triton/model_config.h"
#include "tests/unit/exec/rig.h"
#include "tests/unit/onnx/models.h"

namespace troika::triton {
namespace {

using nlohmann::json;

json config() {
  return json::parse(R"({
    "name": "model", "max_batch_size": 8,
    "input": [{"name": "x", "data_type": "TYPE_FP32", "dims": ["3"]}],
    "output": [{"name": "y", "data_type": "TYPE_FP32", "dims": [2]}],
    "parameters": {"devices": {"string_value": "cuda,host"},
                   "warm_batch_sizes": {"string_value": "1,8"}}})");
}

std::string refusal_of(const json& changed) {
  return error_of([&] { check_agrees(read_config(changed), onnx::load(onnx::mlp_model())); });
}

TEST(Config, says_what_the_model_is_and_how_it_is_run) {
  const ModelConfig read = read_config(config());
  EXPECT_EQ(read.inputs.at(0).dims, (onnx::Dims{-1, 3}));
  EXPECT_EQ(read.outputs.at(0).dims, (onnx::Dims{-1, 2}));
  EXPECT_EQ(read.devices, (std::vector<std::string>{"cuda", "host"}));
  EXPECT_EQ(read.warm_batch_sizes, (std::vector<std::int64_t>{1, 8}));
  EXPECT_EQ(refusal_of(config()), "no error");
}

TEST(Config, is_completed_with_what_the_model_says) {
  const onnx::Model model = onnx::load(onnx::mlp_model());
  const json completed_one = completed(json::parse(R"({"name": "m", "max_batch_size": 4})"), model);
  EXPECT_EQ(completed_one["input"][0]["dims"], json::parse("[3]"));
  EXPECT_EQ(completed_one["output"][0]["data_type"], "TYPE_FP32");
  EXPECT_EQ(completed(json::parse(R"({"name": "m"})"), model)["input"][0]["dims"],
            json::parse("[-1, 3]"));
  EXPECT_EQ(completed(config(), model), config());
}

TEST(Config, that_the_model_does_not_agree_with_is_refused_by_name) {
  const auto with = [](const char* pointer, const json& value) {
    json changed = config();
    changed[json::json_pointer{pointer}] = value;
    return refusal_of(changed);
  };
  EXPECT_EQ(with("/input/0/name", "z"), "invalid_argument: the model has no input 'z', but 'x'");
  EXPECT_EQ(
      with("/input/0/data_type", "TYPE_INT8"),
      "invalid_argument: input 'x' is TYPE_INT8 in the configuration, TYPE_FP32 in the model");
  EXPECT_EQ(with("/output/0/dims", {3, 4}),
            "invalid_argument: output 'y' is -1x3x4 (-1: any) in the configuration with its batch, "
            "-1x2 in the model");
  EXPECT_EQ(with("/input", json::array()),
            "invalid_argument: the configuration has no input 'x', which the model needs");
  EXPECT_EQ(with("/input/0/data_type", "TYPE_STRING"), "unsupported: input 'x' is TYPE_STRING");
  EXPECT_EQ(with("/input/0/dims", {"3x"}),
            "invalid_argument: a dimension of input 'x' is \"3x\", no integer");
  EXPECT_EQ(with("/input/0/reshape", json::object()), "unsupported: input 'x' has 'reshape'");
  EXPECT_EQ(with("/sequence_batching", json::object()), "unsupported: 'sequence_batching'");
  EXPECT_EQ(with("/parameters/runs_max", {{"string_value", "0"}}),
            "invalid_argument: parameter 'runs_max' is \"0\", at least 1 is needed");
  EXPECT_EQ(with("/parameters/warm_batch_sizes/string_value", "9"),
            "invalid_argument: parameter 'warm_batch_sizes': 9 is beyond max_batch_size");
}

}  // namespace
}  // namespace troika::triton
