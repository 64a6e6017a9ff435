#include "runtime/trace/chrome_json.h"

#include <map>
#include <sstream>
#include <string>
#include <utility>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace troika {
namespace {

using nlohmann::json;

json exported(Trace& trace) {
  std::ostringstream out;
  write_chrome_json(trace.snapshot(), out);
  return json::parse(out.str());
}

json events_of_phase(const json& document, const std::string& phase) {
  json found = json::array();
  for (const json& event : document.at("traceEvents"))
    if (event.at("ph") == phase) found.push_back(event);
  return found;
}

TEST(ChromeJson, shows_each_event_on_its_device_and_track) {
  Trace trace{TraceOptions{}};
  const TrackId worker = trace.add_track("host", "worker 0");
  const TrackId compute = trace.add_track("gpu0", "compute 0");
  const TrackId copies = trace.add_track("gpu0", "copy");
  Recorder& recorder = trace.add_recorder();
  recorder.record({.begin = Nanos{1}, .end = Nanos{9}, .name = trace.intern("a"), .track = worker});
  recorder.record(
      {.begin = Nanos{2}, .end = Nanos{9}, .name = trace.intern("b"), .track = compute});
  recorder.record({.begin = Nanos{3}, .end = Nanos{9}, .name = trace.intern("c"), .track = copies});
  const json document = exported(trace);

  std::map<json, std::string> processes;
  std::map<std::pair<json, json>, std::string> threads;
  for (const json& event : events_of_phase(document, "M")) {
    if (event.at("name") == "process_name")
      processes[event.at("pid")] = event.at("args").at("name");
    if (event.at("name") == "thread_name")
      threads[{event.at("pid"), event.at("tid")}] = event.at("args").at("name");
  }
  EXPECT_EQ(processes.size(), 2u);
  std::map<std::string, std::string> place;
  for (const json& event : events_of_phase(document, "X"))
    place[event.at("name")] =
        processes.at(event.at("pid")) + "/" + threads.at({event.at("pid"), event.at("tid")});
  const std::map<std::string, std::string> expected{
      {"a", "host/worker 0"}, {"b", "gpu0/compute 0"}, {"c", "gpu0/copy"}};
  EXPECT_EQ(place, expected);
}

TEST(ChromeJson, tells_times_in_microseconds_and_prediction_beside_observation) {
  Trace trace{TraceOptions{}};
  trace.add_recorder().record({.begin = Nanos{1'234'567},
                               .end = Nanos{1'236'570},
                               .predicted = Nanos{1'500},
                               .run = RunId{7},
                               .name = trace.intern("blur"),
                               .task = TaskIndex{3},
                               .track = trace.add_track("gpu0", "compute 0")});
  const json event = events_of_phase(exported(trace), "X").at(0);
  EXPECT_DOUBLE_EQ(event.at("ts").get<double>(), 1234.567);
  EXPECT_DOUBLE_EQ(event.at("dur").get<double>(), 2.003);
  EXPECT_EQ(
      event.at("args"),
      json::parse(R"({"kind":"task","run":7,"task":3,"predicted_us":1.5,"observed_us":2.003})"));
}

TEST(ChromeJson, says_what_moved_and_why) {
  Trace trace{TraceOptions{}};
  trace.add_recorder().record({.begin = Nanos{1},
                               .end = Nanos{2},
                               .bytes = 4096,
                               .name = trace.intern("x"),
                               .reason = trace.intern("input of blur"),
                               .kind = EventKind::copy});
  const json event = events_of_phase(exported(trace), "X").at(0);
  EXPECT_EQ(event.at("cat"), "copy");
  EXPECT_EQ(event.at("args").at("bytes"), 4096);
  EXPECT_EQ(event.at("args").at("reason"), "input of blur");
}

TEST(ChromeJson, shows_a_burst_with_its_tasks_and_a_failure_as_an_instant) {
  Trace trace{TraceOptions{}};
  Recorder& recorder = trace.add_recorder();
  recorder.record({.begin = Nanos{1},
                   .end = Nanos{2},
                   .task = TaskIndex{10},
                   .last_task = TaskIndex{99},
                   .count = 64,
                   .kind = EventKind::burst});
  recorder.record({.begin = Nanos{5}, .end = Nanos{5}, .kind = EventKind::failure});
  const json document = exported(trace);
  const json burst = events_of_phase(document, "X").at(0);
  EXPECT_EQ(burst.at("args").at("first_task"), 10);
  EXPECT_EQ(burst.at("args").at("last_task"), 99);
  EXPECT_EQ(burst.at("args").at("tasks"), 64);
  EXPECT_EQ(events_of_phase(document, "i").at(0).at("name"), "failure");
}

TEST(ChromeJson, escapes_names_that_json_or_utf8_would_refuse) {
  const std::string wild = "a\"b\\c\nd\x01 \x7f é €";
  Trace trace{TraceOptions{}};
  Recorder& recorder = trace.add_recorder();
  recorder.record(
      {.end = Nanos{1}, .name = trace.intern(wild), .track = trace.add_track(wild, wild)});
  recorder.record({.begin = Nanos{2}, .end = Nanos{3}, .name = trace.intern("cut \xE2\x82")});
  const json document = exported(trace);
  EXPECT_EQ(events_of_phase(document, "X").at(0).at("name"), wild);
  EXPECT_EQ(events_of_phase(document, "X").at(1).at("name"), "cut \xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_EQ(events_of_phase(document, "M").at(0).at("args").at("name"), wild);
}

TEST(ChromeJson, leaves_out_decisions_which_would_cut_the_slices_of_their_track) {
  Trace trace{TraceOptions{}};
  Recorder& recorder = trace.add_recorder();
  for (const EventKind kind :
       {EventKind::placement, EventKind::candidate, EventKind::issue, EventKind::task})
    recorder.record({.begin = Nanos{1}, .end = Nanos{2}, .kind = kind});
  const json slices = events_of_phase(exported(trace), "X");
  ASSERT_EQ(slices.size(), 1U);
  EXPECT_EQ(slices.at(0).at("cat"), "task");
}

TEST(ChromeJson, reports_what_is_missing) {
  Trace trace{TraceOptions{.ring_events = 2, .kept_events = 1}};
  Recorder& recorder = trace.add_recorder();
  for (int i = 0; i < 5; ++i) recorder.record(TraceEvent{});
  const json document = exported(trace);
  EXPECT_EQ(document.at("otherData").at("dropped"), 3);
  EXPECT_EQ(document.at("otherData").at("forgotten"), 1);
}

TEST(ChromeJson, of_an_empty_trace_is_a_document_without_events) {
  Trace trace{TraceOptions{}};
  EXPECT_TRUE(exported(trace).at("traceEvents").empty());
}

}  // namespace
}  // namespace troika
