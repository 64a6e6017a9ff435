// Horizontal bars with their spread, as inline SVG.
#pragma once

#include <string>
#include <vector>

namespace troika::bench {

struct Bar {
  std::string group, name;  // bars of one name have one colour
  std::string text;         // the figure as words, beside the bar
  double value = 0, low = 0, high = 0;
};

// On one axis from zero, or from a power of ten where the values lie too far apart to be seen so;
// the picture says which.
std::string svg_of(const std::vector<Bar>& bars);

}  // namespace troika::bench
