#include "runtime/trace/chrome_json.h"

#include <cstdio>
#include <map>
#include <ostream>

namespace troika {
namespace {

// Microseconds with three decimals, exact.
std::string micros(Nanos time) {
  const long long nanos = time.count();
  const unsigned long long size = nanos < 0 ? 0ULL - static_cast<unsigned long long>(nanos)
                                            : static_cast<unsigned long long>(nanos);
  char text[40];
  std::snprintf(text, sizeof text, "%s%llu.%03llu", nanos < 0 ? "-" : "", size / 1000, size % 1000);
  return text;
}

class Writer {
 public:
  Writer(const TraceSnapshot& trace, std::ostream& out) : trace_{trace}, out_{out} {}

  void write() {
    out_ << "{\"displayTimeUnit\":\"ns\",\"otherData\":{\"dropped\":" << trace_.dropped
         << ",\"forgotten\":" << trace_.forgotten << "},\"traceEvents\":[";
    write_tracks();
    for (const TraceEvent& event : trace_.events)
      if (!is_decision(event.kind)) write_event(event);
    out_ << "\n]}\n";
  }

 private:
  void begin_record() {
    out_ << (first_ ? "\n" : ",\n");
    first_ = false;
  }

  void write_metadata(const char* what, std::size_t group, std::size_t track,
                      const std::string& argument) {
    begin_record();
    out_ << "{\"ph\":\"M\",\"name\":\"" << what << "\",\"pid\":" << group << ",\"tid\":" << track
         << ",\"args\":{" << argument << "}}";
  }

  void write_tracks() {
    for (std::size_t i = 0; i < trace_.tracks.size(); ++i) {
      const Track& track = trace_.tracks[i];
      const auto [group, is_new] = groups_.emplace(track.group, groups_.size() + 1);
      const std::size_t pid = group->second;
      if (is_new) {
        write_metadata("process_name", pid, i + 1, "\"name\":" + json_quoted(track.group));
        write_metadata("process_sort_index", pid, i + 1, "\"sort_index\":" + std::to_string(pid));
      }
      write_metadata("thread_name", pid, i + 1, "\"name\":" + json_quoted(track.name));
      write_metadata("thread_sort_index", pid, i + 1, "\"sort_index\":" + std::to_string(i + 1));
    }
  }

  std::string name_at(NameId id) const {
    return id.value < trace_.names.size() ? trace_.names[id.value] : std::string{};
  }

  // Numbers from 1; 0 and 0 for an event without a track.
  void write_place(TrackId track) {
    const bool known = track.value < trace_.tracks.size();
    out_ << ",\"pid\":" << (known ? groups_.at(trace_.tracks[track.value].group) : 0)
         << ",\"tid\":" << (known ? track.value + 1u : 0u);
  }

  void write_event(const TraceEvent& event) {
    const std::string name = event.name ? name_at(event.name) : name_of(event.kind);
    begin_record();
    if (event.end > event.begin)
      out_ << "{\"ph\":\"X\",\"dur\":" << micros(event.end - event.begin);
    else out_ << "{\"ph\":\"i\",\"s\":\"t\"";
    out_ << ",\"name\":" << json_quoted(name) << ",\"cat\":\"" << name_of(event.kind)
         << "\",\"ts\":" << micros(event.begin);
    write_place(event.track);
    write_arguments(event);
    out_ << '}';
  }

  void write_arguments(const TraceEvent& event) {
    out_ << ",\"args\":{\"kind\":\"" << name_of(event.kind) << '"';
    if (event.run) out_ << ",\"run\":" << event.run.value;
    if (event.kind == EventKind::burst) {
      out_ << ",\"first_task\":" << event.task.value << ",\"last_task\":" << event.last_task.value
           << ",\"tasks\":" << event.count;
    } else if (event.task) {
      out_ << ",\"task\":" << event.task.value;
    }
    if (event.bytes != 0) out_ << ",\"bytes\":" << event.bytes;
    if (event.reason) out_ << ",\"reason\":" << json_quoted(name_at(event.reason));
    if (event.predicted != Nanos{0}) {
      out_ << ",\"predicted_us\":" << micros(event.predicted)
           << ",\"observed_us\":" << micros(event.end - event.begin);
    }
    out_ << '}';
  }

  const TraceSnapshot& trace_;
  std::ostream& out_;
  std::map<std::string, std::size_t> groups_;  // to their numbers
  bool first_ = true;
};

}  // namespace

void write_chrome_json(const TraceSnapshot& trace, std::ostream& out) {
  Writer{trace, out}.write();
}

}  // namespace troika
