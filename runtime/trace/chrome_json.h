// A trace as the JSON that Perfetto (ui.perfetto.dev) and chrome://tracing open.
#pragma once

#include <iosfwd>
#include <string>
#include <string_view>

#include "runtime/trace/trace.h"

namespace troika {

// One process a group of tracks, one thread a track, one slice an event (an instant where it took
// no time), times in microseconds. Arguments: kind, run, task, bytes, reason, predicted_us and
// observed_us; of a burst first_task, last_task and tasks. What was dropped or forgotten stands
// under "otherData". Decisions are left to the report (html_report.h): they overlap what ran.
void write_chrome_json(const TraceSnapshot& trace, std::ostream& out);

// `text` in quotes, as JSON wants it. Bytes that are not UTF-8 become U+FFFD.
std::string json_quoted(std::string_view text);

}  // namespace troika
