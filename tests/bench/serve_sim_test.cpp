// troika-bench serve-sim as a user starts it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/bench/program.h"

namespace troika::bench {
namespace {

using nlohmann::json;

TEST(ServeSim, has_a_row_for_each_load_and_policy_and_refuses_when_asked_to) {
  Program program;
  const std::string how =
      "serve-sim --policy affinity_pull,round_robin --load 50,200 --arrivals 300 --seeds 2" +
      program.json();
  ASSERT_EQ(program.start(how), 0) << program.printed();
  const json rows = program.report()["rows"];
  ASSERT_EQ(rows.size(), 4U);
  EXPECT_EQ(rows[0]["policy"], "affinity_pull");
  EXPECT_EQ(rows[0]["load"], 0.5);
  for (const json& row : rows) {
    EXPECT_EQ(row["refused"], 0);
    EXPECT_LE(row["p50_ms"], row["p95_ms"]);
    EXPECT_LE(row["p95_ms"], row["p99_ms"]);
  }
  EXPECT_GT(rows[0]["attained"], rows[1]["attained"]);
  EXPECT_GT(rows[0]["attained"], rows[2]["attained"]) << "twice what it can do";

  ASSERT_EQ(program.start(how + " --admission"), 0) << program.printed();
  const json choosy = program.report()["rows"];
  EXPECT_GT(choosy[2]["refused"], 0.2);
  EXPECT_GT(choosy[2]["attained"], rows[2]["attained"]);
}

}  // namespace
}  // namespace troika::bench
