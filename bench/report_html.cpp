// The page: plots as inline SVG, the tables below them.
#include <algorithm>
#include <sstream>

#include "bench/bars.h"
#include "bench/report.h"
#include "bench/svg.h"

namespace troika::bench {
namespace {

constexpr const char* style = R"(
  body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem;
         color: #1c2430; background: #fff; }
  h1 { font-size: 1.5rem; margin: 0; } h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; }
  h3 { font-size: 1rem; font-weight: 600; margin: 1.5rem 0 .25rem; }
  code { background: #eef1f5; padding: .15rem .4rem; border-radius: 4px; overflow-wrap: anywhere; }
  table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
  th, td { padding: .25rem .75rem; border-bottom: 1px solid #dde3ea; text-align: right;
           white-space: nowrap; }
  th small { display: block; font-weight: 400; color: #5b6675; }
  .words { text-align: left; } .plain { color: #5b6675; margin: .25rem 0; }
  svg { width: 100%; height: auto; } svg text { font: 12px system-ui, sans-serif; fill: #1c2430; }
  div.wide { overflow-x: auto; }
)";

// The row's words: the first is its group where there are others, all but that its name.
Bar bar_of(const std::vector<Cell>& row, const Cell& cell, int decimals) {
  const auto words = words_of(row);
  Bar bar;
  for (std::size_t w = words.size() > 1 ? 1 : 0; w < words.size(); ++w)
    bar.name += (bar.name.empty() ? "" : ", ") + words[w];
  if (words.size() > 1) bar.group = words.front();
  bar.text = text_of(cell, decimals);
  bar.value = figure_of(cell).value_or(0);
  const auto* summary = std::get_if<Summary>(&cell);
  bar.low = summary ? summary->low : bar.value;
  bar.high = summary ? summary->high : bar.value;
  return bar;
}

void write_plots(std::ostream& out, const Table& table) {
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    const Column& column = table.columns[c];
    if (!column.plotted) continue;
    std::vector<Bar> bars;
    for (const auto& row : table.rows)
      if (figure_of(row[c])) bars.push_back(bar_of(row, row[c], column.decimals));
    if (bars.empty()) continue;
    out << "<h3>" << escaped(column.heading + (column.unit.empty() ? "" : ", " + column.unit))
        << "</h3>\n"
        << svg_of(bars);
  }
}

void write_table(std::ostream& out, const Table& table) {
  if (table.rows.empty()) {
    out << "<p>none</p>\n";
    return;
  }
  const auto side = [&](std::size_t column) {
    return std::holds_alternative<std::string>(table.rows[0][column]) ? " class=\"words\"" : "";
  };
  out << "<div class=\"wide\"><table>\n<tr>";
  for (std::size_t c = 0; c < table.columns.size(); ++c)
    out << "<th" << side(c) << '>' << escaped(table.columns[c].heading) << "<small>"
        << escaped(table.columns[c].unit) << "</small></th>";
  out << "</tr>\n";
  for (const auto& row : table.rows) {
    out << "<tr>";
    for (std::size_t c = 0; c < row.size(); ++c)
      out << "<td" << side(c) << '>' << escaped(text_of(row[c], table.columns[c].decimals))
          << "</td>";
    out << "</tr>\n";
  }
  out << "</table></div>\n";
}

}  // namespace

std::string html_of(const Report& report) {
  std::ostringstream out;
  out << "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
      << "<meta name=\"viewport\" content=\"width=device-width\"><title>" << escaped(report.title)
      << "</title><style>" << style << "</style></head><body>\n<h1>" << escaped(report.title)
      << "</h1>\n<p class=\"plain\">" << escaped(report.machine) << "</p>\n<p><code>"
      << escaped(report.command) << "</code></p>\n";
  for (const Table& table : report.tables) {
    out << "<h2>" << escaped(table.title) << "</h2>\n";
    write_plots(out, table);
    write_table(out, table);
  }
  for (const Gantt& chart : report.charts)
    out << "<h2>" << escaped(chart.title) << "</h2>\n" << svg_of(chart);
  if (!report.notes.empty() || !report.not_run.empty()) out << "<h2>Notes</h2>\n<ul>\n";
  for (const std::string& note : report.notes) out << "<li>" << escaped(note) << "</li>\n";
  for (const NotRun& missing : report.not_run)
    out << "<li>Not run: " << escaped(missing.what) << ": " << escaped(missing.why) << "</li>\n";
  if (!report.notes.empty() || !report.not_run.empty()) out << "</ul>\n";
  out << "</body></html>\n";
  return out.str();
}

}  // namespace troika::bench
