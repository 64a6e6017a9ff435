// troika-bench graph: good files are run and profiled, bad ones are refused with the place.
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/bench/program.h"

namespace troika::bench {
namespace {

using nlohmann::json;
using testing::HasSubstr;

class SavedGraph : public testing::Test {
 protected:
  int run(const std::string& text, const std::string& options = {}) {
    std::ofstream{program_.path("graph.json")} << text;
    return program_.start("graph " + program_.path("graph.json") + " --repeats 1" +
                          program_.json() + options);
  }
  std::uint64_t tasks_of_devices() const {
    const json report = program_.report();
    std::uint64_t tasks = 0;
    for (const json& device : report["devices"]) tasks += device["tasks"].get<std::uint64_t>();
    return tasks;
  }
  Program program_;
};

TEST_F(SavedGraph, is_run_and_profiled_by_device_and_kernel) {
  ASSERT_EQ(
      program_.start(std::string{"graph "} + TROIKA_CAMERA + " --repeats 2" + program_.json()), 0)
      << program_.printed();
  const json report = program_.report();
  EXPECT_EQ(report["rows"][0]["tasks"], 7);
  EXPECT_EQ(report["rows"][0]["asked_ms"], 6.45);
  EXPECT_GT(report["rows"][0]["predicted_ms"], 0);
  // capture, scale, find_faces and merge follow each other.
  EXPECT_GE(report["rows"][0]["observed_ms_least"], 2.0);
  EXPECT_EQ(tasks_of_devices(), 7U);
  std::uint64_t tasks = 0;
  for (const json& kernel : report["kernels"]) {
    tasks += kernel["tasks"].get<std::uint64_t>();
    EXPECT_GT(kernel["observed_us"], 0);
  }
  EXPECT_EQ(tasks, 7U);
  for (const json& device : report["devices"]) EXPECT_LE(device["utilisation_percent"], 101);
}

TEST_F(SavedGraph, spins_for_as_long_as_a_task_says) {
  ASSERT_EQ(run(R"({"tasks": [{"kernel": "a", "us": 3000}, {"kernel": "b", "us": 2000,
                    "after": [0]}]})",
                " --devices host"),
            0)
      << program_.printed();
  EXPECT_GE(program_.report()["rows"][0]["observed_ms"], 5.0);
  for (const json& kernel : program_.report()["kernels"])
    EXPECT_GE(kernel["observed_us"], kernel["kernel"] == "a" ? 3000 : 2000);
}

TEST_F(SavedGraph, may_be_a_trace_that_was_written_before) {
  ASSERT_EQ(run(R"({"tasks": [{"kernel": "a", "us": 200}, {"kernel": "b", "us": 100,
                    "after": [0]}]})",
                " --trace " + program_.path("trace.json")),
            0)
      << program_.printed();
  ASSERT_EQ(
      program_.start("graph " + program_.path("trace.json") + " --repeats 1" + program_.json()), 0)
      << program_.printed();
  // Three runs that warm up and one more.
  EXPECT_EQ(program_.report()["rows"][0]["tasks"], 8);
  EXPECT_EQ(tasks_of_devices(), 8U);
}

TEST_F(SavedGraph, that_is_wrong_is_refused_with_file_and_place) {
  const auto refused = [&](const std::string& text, const std::string& why) {
    EXPECT_EQ(run(text), 1) << text;
    EXPECT_THAT(program_.printed(), HasSubstr(program_.path("graph.json"))) << text;
    EXPECT_THAT(program_.printed(), HasSubstr(why)) << text;
  };
  refused("{\n\"tasks\": [\n{\"kernel\" \"a\"}]}", "line 3");
  refused("[1]", "has neither 'tasks' nor 'traceEvents'");
  refused(R"({"tasks": []})", "tasks: is not a list of tasks");
  refused(R"({"tasks": [{"us": 1}]})", "tasks[0].kernel");
  refused(R"({"tasks": [{"kernel": "a", "us": -1}]})", "tasks[0].us");
  refused(R"({"tasks": [{"kernel": "a", "us": 1, "read": []}]})",
          "tasks[0]: has an unknown key 'read'");
  refused(R"({"tasks": [{"kernel": "a", "us": 1, "reads": ["x"]}]})",
          "tasks[0].reads[0]: no buffer is called \"x\"");
  refused(R"({"buffers": {"x": 0}, "tasks": [{"kernel": "a", "us": 1}]})", "buffers.x");
  refused(R"({"tasks": [{"kernel": "a", "us": 1, "after": [0]}]})", "tasks[0].after");
  refused(R"({"buffers": {"x": 4}, "tasks": [{"kernel": "a", "us": 1},
              {"kernel": "a", "us": 1, "reads": ["x"]}]})",
          "kernel 'a' has other accesses in tasks[0]");
  refused(R"({"traceEvents": [{"cat": "task", "name": "a", "ts": 1, "pid": 1}]})",
          "traceEvents[0].tid");
  refused(R"({"traceEvents": []})", "holds no single task");
}

TEST_F(SavedGraph, that_cannot_be_read_is_named) {
  EXPECT_EQ(program_.start("graph /nonexistent.json"), 1);
  EXPECT_THAT(program_.printed(), HasSubstr("cannot read /nonexistent.json"));
}

}  // namespace
}  // namespace troika::bench
