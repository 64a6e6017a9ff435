// Who worked when: a line for each worker, a bar for each task, as inline SVG.
#pragma once

#include <string>
#include <vector>

namespace troika::bench {

struct GanttBar {
  std::size_t line = 0;
  std::string name;  // bars of one name have one colour
  double begin = 0, end = 0;
};

struct Gantt {
  std::string title;
  std::string unit;                // of the bars' times
  std::vector<std::string> lines;  // what they are called
  std::vector<GanttBar> bars;
};

// Bars too narrow to be seen beside the one before them on their line are left out.
std::string svg_of(const Gantt& chart);

}  // namespace troika::bench
