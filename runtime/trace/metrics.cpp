#include "runtime/trace/metrics.h"

#include <ostream>
#include <string_view>

namespace troika {
namespace {

// With what would end the line, or else the quotes, escaped.
std::string escaped(std::string_view text, bool in_quotes) {
  std::string safe;
  for (const char c : text) {
    if (c == '\n') {
      safe += "\\n";
      continue;
    }
    if (c == '\\' || (in_quotes && c == '"')) safe += '\\';
    safe += c;
  }
  return safe;
}

void write_sample(const Metric& metric, const Metric::Sample& sample, std::ostream& out) {
  out << metric.name;
  const char* before = "{";
  for (const auto& [label, value] : sample.labels) {
    out << before << label << "=\"" << escaped(value, true) << '"';
    before = ",";
  }
  out << (sample.labels.empty() ? " " : "} ") << sample.value << '\n';
}

}  // namespace

void write_prometheus(std::span<const Metric> metrics, std::ostream& out) {
  for (const Metric& metric : metrics) {
    out << "# HELP " << metric.name << ' ' << escaped(metric.help, false) << "\n# TYPE "
        << metric.name << (metric.kind == Metric::Kind::counter ? " counter\n" : " gauge\n");
    for (const Metric::Sample& sample : metric.samples) write_sample(metric, sample, out);
  }
}

}  // namespace troika
