// What a subcommand found: tables for people, JSON for programs, a page with plots for both.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "bench/gantt.h"
#include "bench/samples.h"

namespace troika::bench {

// Nothing where it does not apply or was not counted; a summary where it was measured repeatedly.
using Cell = std::variant<std::monostate, std::string, std::uint64_t, double, Summary>;

struct Column {
  std::string key;      // in JSON, the unit last: "replay_ns"
  std::string heading;  // for people: "replay"
  std::string unit;     // "ns a task"; empty for words and counts
  int decimals = 1;
  bool plotted = false;
};

struct Table {
  std::string key;  // in JSON
  std::string title;
  std::vector<Column> columns;
  std::vector<std::vector<Cell>> rows;  // each as long as `columns`
};

// A part that was asked for and is not there.
struct NotRun {
  std::string what, why;
};

struct Report {
  std::string title;
  std::string command;  // the command line that made it
  std::string machine;
  std::vector<std::string> notes;  // how it was measured, and what to mind when reading it
  std::vector<Table> tables;
  std::vector<Gantt> charts;  // on the page only
  std::vector<NotRun> not_run;
};

// The median, the value itself, or nothing where the cell holds no figure.
std::optional<double> figure_of(const Cell& cell);
// As it stands in a table: "12.3 (11.9 - 14.0)", "-" for nothing.
std::string text_of(const Cell& cell, int decimals);
// What rows of plots are called: a row's leading words, and the counts between them.
std::vector<std::string> words_of(const std::vector<Cell>& row);

void print(const Report& report, std::ostream& out);
// As JSON: each table by its key as a list of objects; a summary of "x_ns" is x_ns, x_ns_least,
// x_ns_most.
std::string json_of(const Report& report);
// One file that needs no other.
std::string html_of(const Report& report);

}  // namespace troika::bench
