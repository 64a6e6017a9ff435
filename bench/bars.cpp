#include "bench/bars.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <sstream>

#include "bench/svg.h"

namespace troika::bench {
namespace {

constexpr double names_width = 330, plot_width = 560, texts_width = 210, line_height = 22;

class Axis {
 public:
  explicit Axis(const std::vector<Bar>& bars) {
    double least = 0;
    for (const Bar& bar : bars) {
      end_ = std::max({end_, bar.value, bar.high});
      const double low = std::min(bar.value, bar.low);
      if (low > 0) least = least == 0 ? low : std::min(least, low);
    }
    if (end_ <= 0) end_ = 1;
    logarithmic_ = least > 0 && end_ / least > 50;
    if (logarithmic_) begin_ = std::pow(10, std::floor(std::log10(least)));
  }
  bool logarithmic() const { return logarithmic_; }
  double x(double value) const {
    if (!logarithmic_) return plot_width * value / end_;
    if (value <= begin_) return 0;
    return plot_width * std::log(value / begin_) / std::log(end_ / begin_);
  }
  std::vector<double> ticks() const {
    if (!logarithmic_) return ticks_to(end_);
    std::vector<double> all;
    for (double at = begin_; at <= end_ * 1.0001; at *= 10) all.push_back(at);
    return all;
  }

 private:
  double begin_ = 0, end_ = 0;
  bool logarithmic_ = false;
};

void write_bar(std::ostream& out, const Bar& bar, const Axis& axis, double y, const char* fill) {
  const double middle = y + line_height / 2;
  write_text(out, names_width - 8, middle + 4, "end", bar.name);
  out << "<rect x=\"" << names_width << "\" y=\"" << y + 3 << "\" width=\"" << axis.x(bar.value)
      << "\" height=\"" << line_height - 6 << "\" fill=\"" << fill << "\"/>\n";
  if (bar.high > bar.low)
    out << "<path d=\"M" << names_width + axis.x(bar.low) << ' ' << middle << 'H'
        << names_width + axis.x(bar.high)
        << "\" stroke=\"#1c2430\" stroke-width=\"2\" opacity=\".6\"/>\n";
  write_text(out, names_width + axis.x(std::max(bar.value, bar.high)) + 8, middle + 4, "start",
             bar.text);
}

}  // namespace

std::string svg_of(const std::vector<Bar>& bars) {
  const Axis axis{bars};
  std::map<std::string, const char*> colour_of;
  std::ostringstream body;
  double y = 4;
  std::string group;
  for (const Bar& bar : bars) {
    if (bar.group != group) {
      group = bar.group;
      write_text(body, 4, (y += line_height) - 7, "start", group);
    }
    const auto [fill, is_new] = colour_of.emplace(bar.name, colour(colour_of.size()));
    write_bar(body, bar, axis, y, fill->second);
    y += line_height;
  }
  std::ostringstream out;
  out << "<svg viewBox=\"0 0 " << names_width + plot_width + texts_width << ' '
      << y + 2 * line_height << "\" role=\"img\">\n";
  for (const double tick : axis.ticks()) write_tick(out, names_width + axis.x(tick), y, tick);
  out << body.str();
  write_text(out, names_width, y + 33, "start",
             std::string{axis.logarithmic() ? "logarithmic axis; " : ""} +
                 "bar: median, line: least to most");
  out << "</svg>\n";
  return out.str();
}

}  // namespace troika::bench
