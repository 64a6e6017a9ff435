// The HTML report as a browser shows it: its scripts are run, and the page they leave is read.
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/trace/html_report.h"
#include "tests/exports/program.h"
#include "tests/temporary_folder.h"

namespace troika {
namespace {

using testing::HasSubstr;
constexpr Nanos ms{1'000'000};

// One run of 10 ms on a host of two lanes and a device of one:
//
//   host lane 0   [ make 0-4 ]
//   host lane 1                  [ map 1: 4-6 ]
//   dev0 lane 0                    [ map 2: 5-9 ]     1 ms after its predecessor
Report three_tasks() {
  Trace trace{TraceOptions{}};
  const TrackId lane0 = trace.add_track("host", "lane 0"),
                lane1 = trace.add_track("host", "lane 1"),
                device = trace.add_track("dev0", "lane 0"),
                bytes = trace.add_track("dev0", "copies: bytes");
  Recorder& recorder = trace.add_recorder();
  const NameId make = trace.intern("make"), map = trace.intern("map");
  const auto record = [&](EventKind kind, int task, NameId name, TrackId track, Nanos begin,
                          Nanos end, Nanos predicted = Nanos{0}, NameId reason = {}) {
    TraceEvent event;
    event.kind = kind;
    event.begin = begin;
    event.end = end;
    event.predicted = predicted;
    event.run = RunId{7};
    event.name = name;
    event.reason = reason;
    event.task = TaskIndex{static_cast<std::uint32_t>(task)};
    event.track = track;
    recorder.record(event);
  };
  record(EventKind::task, 0, make, lane0, 0 * ms, 4 * ms, 2 * ms);
  record(EventKind::task, 1, map, lane1, 4 * ms, 6 * ms, 2 * ms);
  record(EventKind::placement, 2, map, device, 4 * ms, 4 * ms, Nanos{0},
         trace.intern("because it is <quick> there"));
  record(EventKind::candidate, 2, map, device, 5 * ms, 9 * ms, 4 * ms);
  record(EventKind::candidate, 2, map, lane0, 4 * ms, 34 * ms, 30 * ms);
  record(EventKind::issue, 2, map, device, 4 * ms, 5 * ms);
  record(EventKind::task, 2, map, device, 5 * ms, 9 * ms, 4 * ms);
  TraceEvent copy;
  copy.kind = EventKind::copy;
  copy.begin = 4 * ms;
  copy.end = 5 * ms;
  copy.bytes = 123'000;
  copy.name = trace.intern("copy");
  copy.reason = trace.intern("buffer 5");
  copy.track = bytes;
  recorder.record(copy);

  Report report;
  report.policy = "load_aware";
  report.trace = trace.snapshot();
  report.trace.dropped = 12;
  report.devices = {{"host", "a host", 2}, {"dev0", "a device", 1}};
  Report::Graph graph;
  graph.kernels = {"make", "map"};
  graph.kernel_of = {0, 1, 1};
  graph.first_successor = {0, 2, 2, 2};
  graph.successors = {1, 2};
  graph.labels[2] = "right half";
  graph.unable = {{"", "no implementation in its dialect"}, {"", ""}};
  report.graphs.push_back(graph);
  report.runs.push_back({RunId{7}, 0, 0 * ms, 10 * ms, ""});
  report.metrics.push_back(
      {"troika_copied_bytes_total", "Bytes moved.", Metric::Kind::counter, {{{}, 123'000}}});
  return report;
}

class Page : public testing::Test {
 protected:
  // What the page at `address` (behind the file's name) holds once its scripts have run.
  void open(const Report& report, const std::string& address) {
    const auto browser = find_program({"chromium", "chromium-browser", "google-chrome"});
    if (!browser) GTEST_SKIP() << "no Chromium is installed (Debian package chromium)";
    std::ofstream file{folder_ / "report.html"};
    write_html_report(report, file);
    file.close();
    // In virtual time, so that frames come before it is over: the page draws in them.
    const Said said = said_by(
        *browser +
        " --headless --no-sandbox --disable-gpu --virtual-time-budget=10000 --user-data-dir=" +
        (folder_ / "profile").string() + " --dump-dom 'file://" +
        (folder_ / "report.html").string() + address + "' 2>/dev/null");
    ASSERT_EQ(said.exit_code, 0) << said.text;
    // What stands on the page, not in its data and scripts.
    shown_ = said.text.substr(0, said.text.find("<script"));
  }
  // The text between the tags of the section that `id` names.
  std::string section(const std::string& id) const {
    const std::size_t begin = shown_.find("id=\"" + id + "\"");
    if (begin == std::string::npos) return "no section " + id;
    std::string text;
    bool in_tag = true;
    const std::string html = shown_.substr(begin, shown_.find("<section", begin) - begin);
    for (const char c : html) {
      if (c == '<') text += in_tag ? "" : "|";
      if (c == '<' || c == '>') in_tag = c == '<';
      else if (!in_tag) text += c;
    }
    return text;
  }

  TemporaryFolder folder_;
  std::string shown_;
};

TEST_F(Page, adds_up_what_devices_did_and_what_moved) {
  open(three_tasks(), "");
  if (IsSkipped()) return;
  EXPECT_THAT(section("tiles"), HasSubstr("123 kB"));
  // 6 of 2 x 9 ms, and 4 of 9.
  EXPECT_THAT(section("utilisation"), HasSubstr("33 %"));
  EXPECT_THAT(section("utilisation"), HasSubstr("44 %"));
  EXPECT_THAT(section("bytes"), HasSubstr("buffer 5"));
  EXPECT_THAT(section("losses"), HasSubstr("12 events were dropped"));
}

TEST_F(Page, finds_the_chain_that_held_up_the_run) {
  open(three_tasks(), "");
  if (IsSkipped()) return;
  EXPECT_THAT(
      section("path"),
      HasSubstr("A chain of 2 tasks: 8.00 ms in kernels, 1.00 ms between them. 1 waited for"));
  EXPECT_THAT(section("path"), HasSubstr("by the times observed is 8.00 ms"));
}

TEST_F(Page, sets_predictions_beside_what_was_observed) {
  open(three_tasks(), "");
  if (IsSkipped()) return;
  EXPECT_THAT(section("accuracy"), HasSubstr("make||host||1||2.00 ms||4.00 ms||−50 %||50 %"));
}

TEST_F(Page, explains_a_task_that_the_address_names) {
  open(three_tasks(), "#run=7&task=2");
  if (IsSkipped()) return;
  const std::string task = section("task");
  EXPECT_THAT(task, HasSubstr("right half"));
  EXPECT_THAT(task, HasSubstr("because it is &lt;quick&gt; there"));
  EXPECT_THAT(task, HasSubstr("host||0 ns||30.0 ms||30.0 ms"));
  EXPECT_THAT(task, HasSubstr("dev0||1.00 ms||4.00 ms||5.00 ms"));
}

TEST_F(Page, of_an_empty_trace_shows_no_error) {
  open(Report{}, "");
  if (IsSkipped()) return;
  EXPECT_THAT(section("counters"), HasSubstr("what"));
}

}  // namespace
}  // namespace troika
