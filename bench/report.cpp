#include "bench/report.h"

#include <algorithm>
#include <cstdio>
#include <iomanip>
#include <ostream>

#include <nlohmann/json.hpp>

namespace troika::bench {
namespace {

template <class... Visitors>
struct Overloaded : Visitors... {
  using Visitors::operator()...;
};
template <class... Visitors>
Overloaded(Visitors...) -> Overloaded<Visitors...>;

std::string rounded(double value, int decimals) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", decimals, value);
  return text;
}

// Characters, where bytes that go on one are none.
std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string padding(const std::string& text, std::size_t width) {
  return std::string(width - std::min(width, width_of(text)), ' ');
}

void print(const Table& table, std::ostream& out) {
  std::vector<std::vector<std::string>> lines(2);
  for (const Column& column : table.columns) {
    lines[0].push_back(column.heading);
    lines[1].push_back(column.unit);
  }
  for (const auto& row : table.rows) {
    auto& line = lines.emplace_back();
    for (std::size_t c = 0; c < row.size(); ++c)
      line.push_back(text_of(row[c], table.columns[c].decimals));
  }
  out << '\n' << table.title << '\n';
  if (table.rows.empty()) {
    out << "  none\n";
    return;
  }
  for (std::size_t l = 0; l < lines.size(); ++l) {
    std::string text = " ";
    for (std::size_t c = 0; c < lines[l].size(); ++c) {
      std::size_t width = 0;
      for (const auto& line : lines) width = std::max(width, width_of(line[c]));
      const bool words = std::holds_alternative<std::string>(table.rows.front()[c]);
      const std::string& cell = lines[l][c];
      text += ' ' + (words ? cell + padding(cell, width) : padding(cell, width) + cell) + ' ';
    }
    text.erase(text.find_last_not_of(' ') + 1);
    if (l != 1 || !text.empty()) out << text << '\n';
  }
}

void put(nlohmann::ordered_json& object, const std::string& key, const Cell& cell) {
  std::visit(Overloaded{[&](std::monostate) { object[key] = nullptr; },
                        [&](const Summary& summary) {
                          object[key] = summary.median;
                          object[key + "_least"] = summary.low;
                          object[key + "_most"] = summary.high;
                        },
                        [&](const auto& value) { object[key] = value; }},
             cell);
}

}  // namespace

std::optional<double> figure_of(const Cell& cell) {
  return std::visit(
      Overloaded{[](std::monostate) -> std::optional<double> { return std::nullopt; },
                 [](const std::string&) -> std::optional<double> { return std::nullopt; },
                 [](const Summary& summary) -> std::optional<double> { return summary.median; },
                 [](auto value) -> std::optional<double> { return static_cast<double>(value); }},
      cell);
}

std::string text_of(const Cell& cell, int decimals) {
  return std::visit(Overloaded{[](std::monostate) { return std::string{"-"}; },
                               [](const std::string& words) { return words; },
                               [](std::uint64_t count) { return std::to_string(count); },
                               [&](double value) { return rounded(value, decimals); },
                               [&](const Summary& summary) {
                                 return rounded(summary.median, decimals) + " (" +
                                        rounded(summary.low, decimals) + " - " +
                                        rounded(summary.high, decimals) + ")";
                               }},
                    cell);
}

std::vector<std::string> words_of(const std::vector<Cell>& row) {
  std::vector<std::string> words;
  std::size_t up_to_a_word = 0;
  for (const Cell& cell : row) {
    const bool is_word = std::holds_alternative<std::string>(cell);
    if (!is_word && !std::holds_alternative<std::uint64_t>(cell)) break;
    words.push_back(text_of(cell, 0));
    if (is_word) up_to_a_word = words.size();
  }
  words.resize(up_to_a_word);
  return words;
}

void print(const Report& report, std::ostream& out) {
  out << report.title << '\n' << report.machine << '\n';
  for (const Table& table : report.tables) print(table, out);
  out << '\n';
  for (const std::string& note : report.notes) out << "note: " << note << '\n';
  for (const NotRun& missing : report.not_run)
    out << "not run: " << missing.what << ": " << missing.why << '\n';
}

std::string json_of(const Report& report) {
  nlohmann::ordered_json json{{"command", report.command}, {"machine", report.machine}};
  for (const Table& table : report.tables) {
    auto& rows = json[table.key] = nlohmann::ordered_json::array();
    for (const auto& row : table.rows) {
      auto& object = rows.emplace_back(nlohmann::ordered_json::object());
      for (std::size_t c = 0; c < row.size(); ++c) put(object, table.columns[c].key, row[c]);
    }
  }
  json["notes"] = report.notes;
  auto& not_run = json["not_run"] = nlohmann::ordered_json::array();
  for (const NotRun& missing : report.not_run)
    not_run.push_back({{"what", missing.what}, {"why", missing.why}});
  return json.dump(2) + '\n';
}

}  // namespace troika::bench
