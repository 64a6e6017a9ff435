// troika-bench schedule as a user starts it.
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/bench/program.h"

namespace troika::bench {
namespace {

using nlohmann::json;
using testing::HasSubstr;

class Schedule : public testing::Test {
 protected:
  // A machine file of one core and one GPU that has costs of Cholesky's kernels.
  std::string machine() {
    std::ofstream{program_.path("costs.csv")}
        << "platform,kernel,device,tile,bytes,mean_us,stddev_us\n"
           "pair,potrf,cpu,100,40000,100,1\npair,potrf,gpu,100,40000,90,1\n"
           "pair,trsm,cpu,100,80000,300,1\npair,trsm,gpu,100,80000,60,1\n"
           "pair,syrk,cpu,100,80000,300,1\npair,syrk,gpu,100,80000,20,1\n"
           "pair,gemm,cpu,100,120000,600,1\npair,gemm,gpu,100,120000,30,1\n";
    const std::string file = program_.path("pair.json");
    std::ofstream{file} << R"({"name": "pair", "devices": [
      {"name": "gpu", "kind": "gpu", "space": "gpu", "memory_bytes": 900000, "costs": "gpu"},
      {"name": "cpu", "kind": "cpu", "space": "host", "costs": "cpu"}], "links": [
      {"from": "host", "to": "gpu", "mb_per_s": 5000, "latency_us": 5},
      {"from": "gpu", "to": "host", "mb_per_s": 5000, "latency_us": 5}],
      "costs": {"file": "costs.csv", "platform": "pair"}})";
    return " --machine " + file;
  }

  Program program_;
};

TEST_F(Schedule, has_a_row_for_each_workload_size_and_policy) {
  ASSERT_EQ(program_.start("schedule --workload cholesky --tile 100 --tiles 4,6 --no-transfers "
                           "--policy load_aware,eager" +
                           machine() + program_.json()),
            0)
      << program_.printed();
  const json rows = program_.report()["rows"];
  ASSERT_EQ(rows.size(), 4U);
  for (const json& row : rows) {
    std::vector<std::string> keys;
    for (const auto& [key, value] : row.items()) keys.push_back(key);
    EXPECT_THAT(keys,
                testing::UnorderedElementsAre("machine", "workload", "tiles", "policy", "transfers",
                                              "makespan_ms", "lower_bound_ms", "decision_ns"));
    EXPECT_EQ(row["machine"], "pair");
    EXPECT_GE(row["makespan_ms"], row["lower_bound_ms"]);
    EXPECT_GT(row["decision_ns"], 0);
  }
  EXPECT_EQ(rows[3]["policy"], "eager");
  EXPECT_EQ(rows[3]["tiles"], 6);
}

TEST_F(Schedule, a_device_that_grows_slow_costs_time_and_what_is_measured_wrong_little) {
  const std::string how =
      "schedule --workload cholesky --tile 100 --tiles 8 --no-transfers --policy affinity_pull" +
      machine() + program_.json();
  const auto makespan = [&](const std::string& more) {
    EXPECT_EQ(program_.start(how + more), 0) << program_.printed();
    return program_.report()["rows"][0]["makespan_ms"].get<double>();
  };
  const double usual = makespan("");
  EXPECT_GT(makespan(" --slow gpu --slow-by 4 --slow-from 10"), 1.5 * usual);
  EXPECT_LT(makespan(" --misread 5"), 1.1 * usual);
  EXPECT_LE(makespan(" --cold --runs 10"), 1.05 * usual);
  EXPECT_NE(program_.start(how + " --slow tpu"), 0);
  EXPECT_THAT(program_.printed(), HasSubstr("pair has no device 'tpu'"));
}

TEST_F(Schedule, a_working_set_beyond_the_gpus_memory_is_evicted_and_comes_back) {
  // Thirty-six tiles of 40 kB, twenty-two of which fit.
  ASSERT_EQ(program_.start("schedule --tile 100 --tiles 8" + machine()), 0) << program_.printed();
}

TEST_F(Schedule, a_page_shows_who_worked_when) {
  const std::string page = program_.path("page.html");
  ASSERT_EQ(program_.start("schedule --tile 100 --tiles 3 --html " + page + machine()), 0);
  const std::string text = Program::text(page);
  EXPECT_THAT(text, HasSubstr("cholesky of 3 tiles on pair by load_aware"));
  EXPECT_THAT(text, HasSubstr("<title>potrf, 0 - "));
}

TEST_F(Schedule, marks_what_is_estimated) {
  const std::string options = "schedule --workload qr --tile 100 --tiles 3" + machine();
  EXPECT_NE(program_.start(options), 0);
  EXPECT_THAT(program_.printed(), HasSubstr("has no cost of kernel geqrt"));
  ASSERT_EQ(program_.start(options + " --estimate" + program_.json()), 0) << program_.printed();
  EXPECT_EQ(program_.report()["rows"][0]["workload"], "qr (estimated)");
  EXPECT_THAT(program_.printed(), HasSubstr("tsmqr is not among the costs of pair"));
}

TEST_F(Schedule, says_what_is_wrong_with_what_it_is_given) {
  EXPECT_NE(program_.start("schedule --machine abacus"), 0);
  EXPECT_THAT(program_.printed(), HasSubstr("there are laptop, workstation, server8"));
  EXPECT_NE(program_.start("schedule --workload sort"), 0);
  EXPECT_THAT(program_.printed(), HasSubstr("--workload"));
  EXPECT_NE(program_.start("schedule --policy fate"), 0);
  EXPECT_THAT(program_.printed(), HasSubstr("--policy"));
}

}  // namespace
}  // namespace troika::bench
