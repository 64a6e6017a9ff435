// The subcommands of troika-bench, with settings that make them quick.
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/bench/program.h"

namespace troika::bench {
namespace {

using nlohmann::json;
using testing::AnyOf;
using testing::HasSubstr;
using Names = std::set<std::string>;

class Bench : public testing::Test {
 protected:
  Program program_;
};

// Those with figures, and those named as not run.
Names mentioned(const json& report) {
  Names names;
  for (const json& row : report["rows"]) names.insert(row["runtime"]);
  for (const json& missing : report["not_run"]) {
    names.insert(missing["what"]);
    EXPECT_NE(missing["why"], "") << missing["what"];
  }
  return names;
}

TEST_F(Bench, overhead_has_a_row_for_each_runtime_or_says_why_not) {
  ASSERT_EQ(program_.start("overhead --threads 2 --repeats 1 --scale 1000" + program_.json()), 0)
      << program_.printed();
  const json report = program_.report();
  EXPECT_EQ(mentioned(report),
            (Names{"troika", "floor", "onetbb", "openmp", "taskflow", "starpu"}));
  Names graphs;
  for (const json& row : report["rows"]) {
    graphs.insert(row["graph"]);
    EXPECT_EQ(row["threads"], 2);
    EXPECT_GT(row["tasks"], 0);
    EXPECT_GT(row["build_ns"], 0) << row;
    EXPECT_GT(row["replay_ns"], 0) << row;
    EXPECT_GE(row["replay_ns_most"], row["replay_ns"]);
    EXPECT_TRUE(row["bytes_per_task"].is_null() || row["bytes_per_task"] > 0) << row;
  }
  EXPECT_EQ(graphs, (Names{"independent", "chain", "wavefront", "fork_join_tree", "random_dag"}));
  for (const json& missing : report["not_run"])
    EXPECT_THAT(program_.printed(), HasSubstr(missing["why"].get<std::string>()));
  EXPECT_THAT(program_.printed(), testing::Not(HasSubstr("\r")));  // no bar without a terminal
}

TEST_F(Bench, overhead_shows_how_cost_grows_with_the_number_of_tasks) {
  ASSERT_EQ(program_.start("overhead --alone --repeats 1 --tasks 100,400" + program_.json()), 0)
      << program_.printed();
  const json report = program_.report();
  EXPECT_EQ(mentioned(report), (Names{"troika", "floor"}));
  EXPECT_EQ(report["rows"].size(), 5U * 2 * 2);
  for (const json& row : report["rows"]) EXPECT_LE(row["tasks"], 400) << row;
  ASSERT_EQ(report["growth"].size(), 5U * 2);
  for (const json& row : report["growth"]) {
    EXPECT_NEAR(row["from_tasks"], 100, 2) << row;
    EXPECT_NEAR(row["to_tasks"], 400, 2) << row;
    EXPECT_GT(row["build_growth"], 0);
    if (row["runtime"] == "floor") {
      EXPECT_EQ(row["times_floor"], 1.0);
    }
  }
}

TEST_F(Bench, strand_takes_more_devices_than_a_runtime_as_lanes) {
  ASSERT_EQ(program_.start("strand --repeats 1 --tasks 1000 --devices 8,128" + program_.json()), 0)
      << program_.printed();
  const json rows = program_.report()["rows"];
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0]["classes"], 8);
  EXPECT_EQ(rows[0]["workers"], 8);
  EXPECT_EQ(rows[1]["classes"], 32);
  EXPECT_EQ(rows[1]["workers"], 128);
  for (const json& row : rows)
    EXPECT_NEAR(row["tasks_per_second"].get<double>() * row["strand_ns"].get<double>(), 1e9, 1);
}

TEST_F(Bench, compare_gives_everyone_as_a_ratio_to_troika) {
  ASSERT_EQ(program_.start("compare --repeats 2 --scale 1000 --graph chain" + program_.json()), 0)
      << program_.printed();
  const json report = program_.report();
  EXPECT_EQ(mentioned(report),
            (Names{"troika", "floor", "onetbb", "onetbb_pypi", "openmp", "taskflow", "starpu"}));
  int fastest = 0;
  for (const json& row : report["rows"]) {
    EXPECT_EQ(row["graph"], "chain");
    EXPECT_GT(row["build_ratio"], 0);
    if (row["runtime"] == "troika") {
      EXPECT_EQ(row["replay_ratio"], 1.0);
    }
    fastest += row["note"] == "counts for oneTBB";
  }
  EXPECT_EQ(fastest, 1);
  EXPECT_FALSE(report["marks"].empty());
}

TEST_F(Bench, inferred_builds_and_runs_the_same_tasks_everywhere) {
  ASSERT_EQ(program_.start("inferred --repeats 2 --side 4" + program_.json()), 0)
      << program_.printed();
  const json report = program_.report();
  EXPECT_EQ(mentioned(report),
            (Names{"troika", "floor", "onetbb", "openmp", "taskflow", "starpu"}));
  for (const json& row : report["rows"]) {
    EXPECT_EQ(row["tasks"], 20) << row;
    EXPECT_GT(row["ns"], 0);
    const bool looks_at_data =
        Names{"troika", "openmp", "starpu"}.contains(row["runtime"].get<std::string>());
    EXPECT_EQ(row["order"], looks_at_data ? "inferred" : "by a hand-written table");
    if (row["runtime"] == "troika") {
      EXPECT_EQ(row["times_troika"], 1.0);
    }
  }
}

TEST_F(Bench, devices_shows_the_host_its_workers_and_that_it_copies_nothing) {
  ASSERT_EQ(program_.start("devices --repeats 1 --megabytes 1" + program_.json()), 0)
      << program_.printed();
  const json host = program_.report()["rows"][0];
  EXPECT_EQ(host["name"], "host");
  EXPECT_EQ(host["kind"], "cpu");
  EXPECT_GE(host["workers_came"], 1);
  EXPECT_LE(host["workers_came"], host["lanes"]);
  EXPECT_EQ(host["zero_copy"], "yes, 0 bytes copied");
  EXPECT_GT(host["launch_us"], 0);
}

TEST_F(Bench, devices_lists_both_emulated_cuda_devices_where_their_driver_is_found) {
  ASSERT_EQ(program_.start("devices --repeats 1 --megabytes 1" + program_.json(),
                           "LD_LIBRARY_PATH=" TROIKA_TEST_EMULATED_CUDA),
            0)
      << program_.printed();
  Names names;
  const json report = program_.report();
  for (const json& row : report["rows"]) names.insert(row["name"]);
  EXPECT_THAT(names, testing::IsSupersetOf({"host", "cuda0", "cuda1"}));
}

TEST_F(Bench, devices_names_what_is_missing_and_why) {
  ASSERT_EQ(
      program_.start("devices --repeats 1 --megabytes 1" + program_.json(),
                     "XILINX_XRT= OCL_ICD_VENDORS=/nonexistent LD_LIBRARY_PATH=" TROIKA_TEST_STUB),
      0)
      << program_.printed();
  const json report = program_.report();
  EXPECT_EQ(report["rows"].size(), 1U);
  ASSERT_EQ(report["missing"].size(), 3U);
  EXPECT_EQ(report["missing"][0]["what"], "opencl");
  EXPECT_THAT(program_.printed(), HasSubstr("/nonexistent"));
  EXPECT_EQ(report["missing"][1]["what"], "cuda");
  EXPECT_THAT(program_.printed(), HasSubstr("is the toolkit's stub"));
  EXPECT_EQ(report["missing"][2]["what"], "xrt");
  EXPECT_THAT(program_.printed(),
              AnyOf(HasSubstr("XILINX_XRT is not set"), HasSubstr("libtroika-xrt.so")));
}

TEST_F(Bench, transfer_copies_only_where_memory_is_apart) {
  ASSERT_EQ(program_.start("transfer --repeats 1 --kilobytes 4,64" + program_.json()), 0)
      << program_.printed();
  const json report = program_.report();
  if (report["rows"].empty())
    GTEST_SKIP() << "no device beside the host: " << report["not_run"].dump();
  for (const json& row : report["rows"]) {
    const bool apart = row["way"].get<std::string>().ends_with("memory=separate");
    EXPECT_EQ(row["bytes_copied"], apart ? row["bytes"] : json(0)) << row;
    EXPECT_EQ(row["gb_per_s"].is_null(), !apart) << row;
    EXPECT_GT(row["us"], 0);
  }
}

TEST_F(Bench, vector_adds_gives_rows_or_says_why_not) {
  ASSERT_EQ(program_.start("vector-adds --tasks 4 --repeats 1 --replays 1" + program_.json()), 0)
      << program_.printed();
  const json report = program_.report();
  EXPECT_FALSE(report["rows"].empty() && report["not_run"].empty());
  for (const json& row : report["rows"]) {
    EXPECT_GT(row["results_ms"], 0);
    if (row["runtime"].get<std::string>().starts_with("troika")) {
      EXPECT_EQ(row["bytes_copied"], 0);
    }
  }
}

TEST_F(Bench, a_page_has_plots_and_the_command_line_that_made_it) {
  const std::string options =
      "overhead --repeats 2 --scale 1000 --graph chain --html " + program_.path("page.html");
  ASSERT_EQ(program_.start(options), 0) << program_.printed();
  const std::string page = Program::text(program_.path("page.html"));
  EXPECT_THAT(page, HasSubstr("<svg"));
  EXPECT_THAT(page, HasSubstr("troika-bench " + options));
  EXPECT_THAT(page, testing::Not(HasSubstr("http")));  // it needs no other file
}

TEST_F(Bench, says_what_is_wrong_with_its_command_line) {
  const auto refused = [&](const std::string& options, const std::string& why) {
    EXPECT_NE(program_.start(options), 0) << options;
    EXPECT_THAT(program_.printed(), HasSubstr(why)) << options;
  };
  refused("", "subcommand");
  refused("overhead --threads 0", "--threads");
  refused("overhead --graph cube", "wavefront");
  refused("overhead --repeat 2", "--repeat");
  refused("transfer --memory shared", "--memory");
  refused("devices --backends opencl.memory=shared --repeats 0", "--repeats");
  refused("graph", "FILE");
  refused("overhead --repeats 1 --scale 1000 --graph chain --json /nonexistent/x.json",
          "cannot write /nonexistent/x.json");
}

}  // namespace
}  // namespace troika::bench
