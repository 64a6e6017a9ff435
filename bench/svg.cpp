#include "bench/svg.h"

#include <cmath>
#include <cstdio>
#include <iterator>
#include <ostream>

namespace troika::bench {
namespace {

constexpr const char* colours[] = {"#2f6fde", "#e07b39", "#3a9d6e", "#b0529e",
                                   "#c0392b", "#7a8694", "#b59a1d", "#2aa5b8"};

std::string short_number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", value);
  return text;
}

}  // namespace

std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '&': result += "&amp;"; break;
      case '<': result += "&lt;"; break;
      case '>': result += "&gt;"; break;
      case '"': result += "&quot;"; break;
      default: result += c;
    }
  }
  return result;
}

const char* colour(std::size_t n) noexcept { return colours[n % std::size(colours)]; }

std::vector<double> ticks_to(double end) {
  std::vector<double> ticks;
  double step = std::pow(10, std::floor(std::log10(end)) - 1);
  for (int k = 0; end / step > 8; ++k) step *= k % 3 == 1 ? 2.5 : 2;
  for (int k = 0; k * step <= end * 1.0001; ++k) ticks.push_back(k * step);
  return ticks;
}

void write_text(std::ostream& out, double x, double y, const char* anchor,
                const std::string& text) {
  out << "<text x=\"" << x << "\" y=\"" << y << "\" text-anchor=\"" << anchor << "\">"
      << escaped(text) << "</text>\n";
}

void write_tick(std::ostream& out, double x, double y, double value) {
  out << "<path d=\"M" << x << " 0V" << y << "\" stroke=\"#dde3ea\"/>\n";
  write_text(out, x, y + 15, "middle", short_number(value));
}

}  // namespace troika::bench
