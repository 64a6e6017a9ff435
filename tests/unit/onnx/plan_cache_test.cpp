// Which plans a session keeps, and what it says of them.
#include "serving/onnx/session.h"
#include "tests/unit/exec/rig.h"
#include "tests/unit/onnx/models.h"

namespace troika::onnx {
namespace {

class PlanCache : public HostRuntime {
 protected:
  static void run_batch(Session& session, std::int64_t batch) {
    std::vector<float> x(static_cast<std::size_t>(3 * batch)),
        y(static_cast<std::size_t>(2 * batch));
    session.run({{TensorRef{{batch, 3}, x.data()}}}, {{TensorRef{{batch, 2}, y.data()}}});
  }
};

TEST_F(PlanCache, each_set_of_shapes_is_planned_once) {
  Session session{*runtime, load(mlp_model())};
  for (const std::int64_t batch : {1, 2, 1, 2, 2}) run_batch(session, batch);
  const Session::Statistics seen = session.statistics();
  EXPECT_EQ(seen.plans, 2u);
  EXPECT_EQ(seen.misses, 2u);
  EXPECT_EQ(seen.hits, 3u);
  EXPECT_EQ(seen.evictions, 0u);
  EXPECT_GT(seen.plan_bytes, 0u);
}

TEST_F(PlanCache, the_plan_that_was_used_last_stays_when_the_budget_holds_one) {
  Session roomy{*runtime, load(mlp_model())};
  run_batch(roomy, 1);
  run_batch(roomy, 2);
  SessionOptions options;
  options.plan_bytes_max = roomy.statistics().plan_bytes - 1;
  Session session{*runtime, load(mlp_model()), options};
  for (const std::int64_t batch : {1, 2, 2, 2, 1}) run_batch(session, batch);
  const Session::Statistics seen = session.statistics();
  EXPECT_EQ(seen.plans, 1u);
  EXPECT_EQ(seen.misses, 3u);
  EXPECT_EQ(seen.hits, 2u);
  EXPECT_EQ(seen.evictions, 2u);
  EXPECT_LE(seen.plan_bytes, options.plan_bytes_max);
}

TEST_F(PlanCache, a_plan_larger_than_the_budget_still_runs) {
  SessionOptions options;
  options.plan_bytes_max = 1;
  Session session{*runtime, load(mlp_model()), options};
  run_batch(session, 1);
  run_batch(session, 1);
  EXPECT_EQ(session.statistics().plans, 1u);
  EXPECT_EQ(session.statistics().hits, 1u);
}

}  // namespace
}  // namespace troika::onnx
