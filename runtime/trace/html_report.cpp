#include "runtime/trace/html_report.h"

#include <algorithm>
#include <ostream>
#include <string_view>

#include "runtime/trace/chrome_json.h"
#include "runtime/trace/page.h"

namespace troika {
namespace {

// As JSON wants it, and such that no text can end the script element it lies in.
std::string quoted(std::string_view text) {
  std::string safe;
  for (const char c : json_quoted(text)) {
    if (c == '<') safe += "\\u003c";
    else safe += c;
  }
  return safe;
}

// -1 stands for none.
template <class Tag, class Rep>
long long number(Id<Tag, Rep> id) {
  return id ? static_cast<long long>(id.value) : -1;
}

class DataWriter {
 public:
  DataWriter(const Report& report, std::ostream& out) : report_{report}, out_{out} {
    // Times count from the first, so that they are exact in the numbers a browser has.
    for (const TraceEvent& event : report.trace.events) origin_ = std::min(origin_, event.begin);
    for (const Report::Run& run : report.runs) origin_ = std::min(origin_, run.submitted);
    if (origin_ == forever) origin_ = Nanos{0};
  }

  void write() {
    out_ << "{\"policy\":" << quoted(report_.policy) << ",\"dropped\":" << report_.trace.dropped
         << ",\"forgotten\":" << report_.trace.forgotten
         << ",\"runsForgotten\":" << report_.runs_forgotten;
    list("names", report_.trace.names, [&](const std::string& name) { out_ << quoted(name); });
    list("tracks", report_.trace.tracks, [&](const Track& track) {
      out_ << "{\"group\":" << quoted(track.group) << ",\"name\":" << quoted(track.name) << '}';
    });
    out_ << ",\"kinds\":[";
    for (std::size_t kind = 0; kind < event_kinds; ++kind)
      out_ << (kind == 0 ? "" : ",") << quoted(name_of(static_cast<EventKind>(kind)));
    out_ << ']';
    write_events();
    list("devices", report_.devices, [&](const Report::Device& device) {
      out_ << "{\"name\":" << quoted(device.name)
           << ",\"description\":" << quoted(device.description) << ",\"lanes\":" << device.lanes
           << '}';
    });
    list("missing", report_.missing, [&](const Report::Missing& missing) {
      out_ << "{\"what\":" << quoted(missing.what) << ",\"why\":" << quoted(missing.why) << '}';
    });
    list("graphs", report_.graphs, [&](const Report::Graph& graph) { write_graph(graph); });
    list("runs", report_.runs, [&](const Report::Run& run) { write_run(run); });
    list("metrics", report_.metrics, [&](const Metric& metric) { write_metric(metric); });
    out_ << '}';
  }

 private:
  template <class Values, class Write>
  void list(const char* name, const Values& values, Write&& write) {
    out_ << ",\n\"" << name << "\":[";
    const char* before = "";
    for (const auto& value : values) {
      out_ << before;
      write(value);
      before = ",";
    }
    out_ << ']';
  }
  void numbers(const char* name, const std::vector<std::uint32_t>& values) {
    list(name, values, [&](std::uint32_t value) { out_ << value; });
  }

  long long since_origin(Nanos time) const { return (time - origin_).count(); }

  // A list a field: half the size of an object an event.
  void write_events() {
    const auto& events = report_.trace.events;
    const auto field = [&](const char* name, auto&& value) {
      list(name, events, [&](const TraceEvent& event) { out_ << value(event); });
    };
    out_ << ",\n\"events\":{\"fields\":12";
    field("kind", [](const TraceEvent& e) { return static_cast<int>(e.kind); });
    field("begin", [&](const TraceEvent& e) { return since_origin(e.begin); });
    field("took", [](const TraceEvent& e) { return (e.end - e.begin).count(); });
    field("predicted", [](const TraceEvent& e) { return e.predicted.count(); });
    field("bytes", [](const TraceEvent& e) { return e.bytes; });
    field("run", [](const TraceEvent& e) { return number(e.run); });
    field("name", [](const TraceEvent& e) { return number(e.name); });
    field("reason", [](const TraceEvent& e) { return number(e.reason); });
    field("task", [](const TraceEvent& e) { return number(e.task); });
    field("lastTask", [](const TraceEvent& e) { return number(e.last_task); });
    field("count", [](const TraceEvent& e) { return e.count; });
    field("track", [](const TraceEvent& e) { return number(e.track); });
    out_ << '}';
  }

  void write_graph(const Report::Graph& graph) {
    out_ << "{\"tasks\":" << graph.kernel_of.size();
    list("kernels", graph.kernels, [&](const std::string& kernel) { out_ << quoted(kernel); });
    numbers("kernelOf", graph.kernel_of);
    numbers("firstSuccessor", graph.first_successor);
    numbers("successors", graph.successors);
    list("labels", graph.labels, [&](const auto& label) {
      out_ << '[' << label.first << ',' << quoted(label.second) << ']';
    });
    list("unable", graph.unable, [&](const std::vector<std::string>& by_device) {
      out_ << '[';
      for (std::size_t d = 0; d < by_device.size(); ++d)
        out_ << (d == 0 ? "" : ",") << quoted(by_device[d]);
      out_ << ']';
    });
    list("banned", graph.banned,
         [&](const auto& ban) { out_ << '[' << ban.first << ',' << ban.second << ']'; });
    out_ << '}';
  }

  void write_run(const Report::Run& run) {
    out_ << "{\"id\":" << run.id.value << ",\"graph\":" << run.graph
         << ",\"submitted\":" << since_origin(run.submitted)
         << ",\"finished\":" << (run.finished == Nanos{0} ? -1 : since_origin(run.finished))
         << ",\"failure\":" << quoted(run.failure) << '}';
  }

  void write_metric(const Metric& metric) {
    out_ << "{\"name\":" << quoted(metric.name) << ",\"help\":" << quoted(metric.help);
    list("samples", metric.samples, [&](const Metric::Sample& sample) {
      std::string labels;
      for (const auto& [label, value] : sample.labels)
        labels += (labels.empty() ? "" : ", ") + label + " " + value;
      out_ << "{\"labels\":" << quoted(labels) << ",\"value\":" << sample.value << '}';
    });
    out_ << '}';
  }

  const Report& report_;
  std::ostream& out_;
  Nanos origin_ = forever;
};

}  // namespace

void write_html_report(const Report& report, std::ostream& out) {
  out << "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
         "<title>Troika report</title>\n<style>\n"
      << page_style() << "</style>\n</head>\n<body>\n"
      << page_body() << "<script type=\"application/json\" id=\"report\">";
  DataWriter{report, out}.write();
  out << "</script>\n<script>\n" << page_script() << "</script>\n</body>\n</html>\n";
}

}  // namespace troika
