#include "runtime/trace/metrics.h"

#include <sstream>

#include <gtest/gtest.h>

namespace troika {
namespace {

std::string page(const std::vector<Metric>& metrics) {
  std::ostringstream out;
  write_prometheus(metrics, out);
  return out.str();
}

TEST(Prometheus, shows_each_metric_under_its_help_and_type) {
  EXPECT_EQ(page({{"copied_bytes_total", "Bytes copied.", Metric::Kind::counter, {{{}, 7}}},
                  {"devices", "Devices there are.", Metric::Kind::gauge, {{{}, 2}}}}),
            "# HELP copied_bytes_total Bytes copied.\n"
            "# TYPE copied_bytes_total counter\n"
            "copied_bytes_total 7\n"
            "# HELP devices Devices there are.\n"
            "# TYPE devices gauge\n"
            "devices 2\n");
}

TEST(Prometheus, tells_samples_apart_by_their_labels) {
  const Metric tasks{
      "tasks_total",
      "Tasks.",
      Metric::Kind::counter,
      {{{{"device", "host"}, {"lane", "0"}}, 3}, {{{"device", "gpu0"}}, 1ULL << 63}}};
  EXPECT_EQ(page({tasks}),
            "# HELP tasks_total Tasks.\n"
            "# TYPE tasks_total counter\n"
            "tasks_total{device=\"host\",lane=\"0\"} 3\n"
            "tasks_total{device=\"gpu0\"} 9223372036854775808\n");
}

TEST(Prometheus, escapes_what_would_end_a_label_or_a_line) {
  const Metric odd{
      "odd", "one\\two\nthree \"four\"", Metric::Kind::gauge, {{{{"name", "a\"b\\c\nd"}}, 1}}};
  EXPECT_EQ(page({odd}),
            "# HELP odd one\\\\two\\nthree \"four\"\n"
            "# TYPE odd gauge\n"
            "odd{name=\"a\\\"b\\\\c\\nd\"} 1\n");
}

}  // namespace
}  // namespace troika
