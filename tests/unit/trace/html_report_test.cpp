#include "runtime/trace/html_report.h"

#include <sstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace troika {
namespace {

using nlohmann::json;

std::string page_of(const Report& report) {
  std::ostringstream out;
  write_html_report(report, out);
  return out.str();
}

// The data that the page's scripts read.
json data_of(const std::string& page) {
  const std::string opening = "<script type=\"application/json\" id=\"report\">";
  const std::size_t begin = page.find(opening) + opening.size();
  return json::parse(page.substr(begin, page.find("</script>", begin) - begin));
}

TEST(HtmlReport, holds_every_field_of_every_event_with_times_since_the_first) {
  Trace trace{TraceOptions{}};
  const TrackId track = trace.add_track("gpu0", "lane 0");
  const NameId blur = trace.intern("blur");
  trace.add_recorder().record({.begin = Nanos{1'000'000'000'007},
                               .end = Nanos{1'000'000'000'012},
                               .predicted = Nanos{4},
                               .run = RunId{3},
                               .name = blur,
                               .task = TaskIndex{2},
                               .track = track});
  Report report;
  report.trace = trace.snapshot();
  report.runs.push_back({RunId{3}, 0, Nanos{1'000'000'000'000}, Nanos{1'000'000'000'020}, ""});
  report.graphs.emplace_back();
  const json data = data_of(page_of(report));
  const json& events = data["events"];
  EXPECT_EQ(events["begin"], json::array({7}));
  EXPECT_EQ(events["took"], json::array({5}));
  EXPECT_EQ(events["predicted"], json::array({4}));
  EXPECT_EQ(events["run"], json::array({3}));
  EXPECT_EQ(events["task"], json::array({2}));
  EXPECT_EQ(events["reason"], json::array({-1}));
  EXPECT_EQ(data["names"][events["name"][0].get<std::size_t>()], "blur");
  EXPECT_EQ(data["tracks"][events["track"][0].get<std::size_t>()]["group"], "gpu0");
  EXPECT_EQ(data["kinds"][events["kind"][0].get<std::size_t>()], "task");
  EXPECT_EQ(data["kinds"].size(), event_kinds);
  EXPECT_EQ(data["runs"][0]["submitted"], 0);
  EXPECT_EQ(data["runs"][0]["finished"], 20);
}

TEST(HtmlReport, has_no_text_that_could_end_its_script_or_become_markup) {
  Report report;
  report.policy = "</script><script>alert(1)</script>";
  report.devices.push_back({"<b>", "<!-- ", 1});
  const std::string page = page_of(report);
  EXPECT_EQ(page.find("alert(1)</script>"), std::string::npos);
  EXPECT_EQ(page.find("<!-- "), std::string::npos);
  const json data = data_of(page);
  EXPECT_EQ(data["policy"], report.policy);
  EXPECT_EQ(data["devices"][0]["name"], "<b>");
}

TEST(HtmlReport, asks_nothing_of_any_network) {
  const std::string page = page_of(Report{});
  for (const char* wish : {"http:", "https:", "src=", "href=", "@import", "url(", "fetch("})
    EXPECT_EQ(page.find(wish), std::string::npos) << wish;
}

TEST(HtmlReport, says_what_is_missing_from_it) {
  Report report;
  report.trace.dropped = 5;
  report.trace.forgotten = 6;
  report.runs_forgotten = 7;
  const json data = data_of(page_of(report));
  EXPECT_EQ(data["dropped"], 5);
  EXPECT_EQ(data["forgotten"], 6);
  EXPECT_EQ(data["runsForgotten"], 7);
}

}  // namespace
}  // namespace troika
