// What pictures have in common: colours, words, ticks.
#pragma once

#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

namespace troika::bench {

// `text` as HTML and SVG want it.
std::string escaped(std::string_view text);
// Of the n-th name of a picture; they come again after some.
const char* colour(std::size_t n) noexcept;
// From 0 to `end`: one, two or five of a power of ten apart, at most nine of them.
std::vector<double> ticks_to(double end);
// `anchor`: what of the text is at (x, y): its "start", "middle" or "end".
void write_text(std::ostream& out, double x, double y, const char* anchor, const std::string& text);
// A tick's line from the top to y, its value below.
void write_tick(std::ostream& out, double x, double y, double value);

}  // namespace troika::bench
