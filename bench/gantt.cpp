#include "bench/gantt.h"

#include <algorithm>
#include <map>
#include <sstream>

#include "bench/svg.h"

namespace troika::bench {
namespace {

constexpr double names_width = 120, plot_width = 980, line_height = 18;
// Narrower than this behind another bar, a bar cannot be told from it.
constexpr double width_min = 0.15;

class Picture {
 public:
  explicit Picture(const Gantt& chart) : chart_{chart}, seen_to_(chart.lines.size(), 0) {
    for (const GanttBar& bar : chart.bars) end_ = std::max(end_, bar.end);
    if (end_ <= 0) end_ = 1;
  }

  std::string draw() {
    draw_bars();
    draw_names();
    const double height = line_height * static_cast<double>(chart_.lines.size());
    std::ostringstream out;
    out << "<svg viewBox=\"0 0 " << names_width + plot_width + 20 << ' ' << height + 3 * line_height
        << "\" role=\"img\">\n";
    for (const double tick : ticks_to(end_)) write_tick(out, x(tick), height, tick);
    out << body_.str();
    draw_legend(out, height + 2.5 * line_height);
    out << "</svg>\n";
    return out.str();
  }

 private:
  double x(double time) const { return names_width + plot_width * time / end_; }
  const char* colour_of(const std::string& name) {
    return colours_.emplace(name, colour(colours_.size())).first->second;
  }

  void draw_bars() {
    std::vector<const GanttBar*> bars;
    for (const GanttBar& bar : chart_.bars) bars.push_back(&bar);
    std::stable_sort(bars.begin(), bars.end(),
                     [](const GanttBar* a, const GanttBar* b) { return a->begin < b->begin; });
    for (const GanttBar* bar : bars) {
      double& seen_to = seen_to_[bar->line];
      const double from = x(bar->begin), to = x(bar->end);
      const char* const fill = colour_of(bar->name);
      if (to - std::max(from, seen_to) < width_min) continue;
      seen_to = to;
      body_ << "<rect x=\"" << from << "\" y=\"" << line_height * static_cast<double>(bar->line) + 2
            << "\" width=\"" << to - from << "\" height=\"" << line_height - 4 << "\" fill=\""
            << fill << "\"><title>" << escaped(bar->name) << ", " << bar->begin << " - " << bar->end
            << ' ' << escaped(chart_.unit) << "</title></rect>\n";
    }
  }

  void draw_names() {
    for (std::size_t line = 0; line < chart_.lines.size(); ++line)
      write_text(body_, names_width - 8, line_height * static_cast<double>(line) + 13, "end",
                 chart_.lines[line]);
  }

  void draw_legend(std::ostream& out, double y) {
    double at = names_width;
    for (const auto& [name, fill] : colours_) {
      out << "<rect x=\"" << at << "\" y=\"" << y - 9 << "\" width=\"10\" height=\"10\" fill=\""
          << fill << "\"/>\n";
      write_text(out, at + 15, y, "start", name);
      at += 40 + 8 * static_cast<double>(name.size());
    }
    write_text(out, names_width + plot_width, y, "end", chart_.unit);
  }

  const Gantt& chart_;
  double end_ = 0;
  std::vector<double> seen_to_;  // by line
  std::map<std::string, const char*> colours_;
  std::ostringstream body_;
};

}  // namespace

std::string svg_of(const Gantt& chart) { return Picture{chart}.draw(); }

}  // namespace troika::bench
