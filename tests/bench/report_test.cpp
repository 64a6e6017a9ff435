// One report as text, JSON and a page.
#include "bench/report.h"

#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "bench/bars.h"

namespace troika::bench {
namespace {

using testing::HasSubstr;

Report sample() {
  Report report;
  report.title = "Times of <things>";
  report.command = "troika-bench things";
  report.tables = {{"rows",
                    "Things",
                    {{"name", "name", ""}, {"t_ns", "time", "ns", 1, true}, {"count", "count", ""}},
                    {{std::string{"a"}, Summary{1, 2, 4}, std::uint64_t{7}},
                     {std::string{"longer"}, Summary{10, 20, 40}, Cell{}}}}};
  report.not_run = {{"b", "it is not installed"}};
  return report;
}

TEST(Report, as_json_has_median_least_and_most_and_null_for_what_is_not_known) {
  const auto json = nlohmann::ordered_json::parse(json_of(sample()));
  EXPECT_EQ(json["rows"][0].dump(), R"({"name":"a","t_ns":2.0,"t_ns_least":1.0,"t_ns_most":4.0,)"
                                    R"("count":7})");
  EXPECT_TRUE(json["rows"][1]["count"].is_null());
  EXPECT_EQ(json["not_run"][0]["why"], "it is not installed");
  EXPECT_EQ(json["command"], "troika-bench things");
}

TEST(Report, as_text_lines_words_up_on_the_left_and_figures_on_the_right) {
  std::ostringstream out;
  print(sample(), out);
  EXPECT_THAT(out.str(), HasSubstr("  name                  time  count\n"
                                   "                          ns\n"
                                   "  a          2.0 (1.0 - 4.0)      7\n"
                                   "  longer  20.0 (10.0 - 40.0)      -\n"));
  EXPECT_THAT(out.str(), HasSubstr("not run: b: it is not installed"));
}

TEST(Report, without_rows_says_none) {
  Report report = sample();
  report.tables[0].rows.clear();
  std::ostringstream out;
  print(report, out);
  EXPECT_THAT(out.str(), HasSubstr("Things\n  none\n"));
  EXPECT_THAT(html_of(report), HasSubstr("none"));
}

TEST(Report, as_a_page_escapes_words_and_draws_the_columns_that_want_it) {
  const std::string page = html_of(sample());
  EXPECT_THAT(page, HasSubstr("Times of &lt;things&gt;"));
  EXPECT_THAT(page, testing::Not(HasSubstr("<things>")));
  EXPECT_THAT(page, HasSubstr("20.0 (10.0 - 40.0)</text>"));
  std::size_t plots = 0;
  for (std::size_t at = page.find("<svg"); at != std::string::npos; at = page.find("<svg", at + 1))
    ++plots;
  EXPECT_EQ(plots, 1U);
}

TEST(Bars, far_apart_are_drawn_on_a_logarithmic_axis_that_says_so) {
  const Bar small{"", "a", "1", 1, 1, 1}, large{"", "b", "1000", 1000, 1000, 1000};
  EXPECT_THAT(svg_of({small, large}), HasSubstr("logarithmic"));
  EXPECT_THAT(svg_of({large, large}), testing::Not(HasSubstr("logarithmic")));
}

TEST(Bars, of_nothing_but_zero_are_drawn) {
  EXPECT_THAT(svg_of({{"", "a", "0", 0, 0, 0}}), HasSubstr("width=\"0\""));
}

}  // namespace
}  // namespace troika::bench
