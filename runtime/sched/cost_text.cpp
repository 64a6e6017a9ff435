#include "runtime/sched/cost_text.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "runtime/sched/cost_model.h"
#include "runtime/sched/history_table.h"

namespace troika {
namespace {

constexpr std::string_view header = "troika-cost-model 1";

// A word without blanks; '%' and two hexadecimal digits stand for a byte, a lone '%' for nothing.
std::string escape(std::string_view name) {
  if (name.empty()) return "%";
  constexpr std::string_view digits = "0123456789abcdef";
  std::string result;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte > ' ' && byte < 0x7f && c != '%') {
      result += c;
      continue;
    }
    result += '%';
    result += digits[byte >> 4];
    result += digits[byte & 15];
  }
  return result;
}

bool unescape(std::string_view word, std::string& name) {
  name.clear();
  if (word == "%") return true;
  for (std::size_t i = 0; i < word.size(); ++i) {
    if (word[i] != '%') {
      name += word[i];
      continue;
    }
    if (word.size() - i < 3) return false;
    unsigned byte = 0;
    const char* const end = word.data() + i + 3;
    if (const auto r = std::from_chars(word.data() + i + 1, end, byte, 16);
        r.ec != std::errc{} || r.ptr != end)
      return false;
    name += static_cast<char>(byte);
    i += 2;
  }
  return !word.empty();
}

// The part of `rest` up to `separator`, which is dropped from it with the separator.
std::string_view cut(std::string_view& rest, char separator) {
  const std::size_t end = std::min(rest.find(separator), rest.size());
  const std::string_view result = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return result;
}

template <class T>
bool number(std::string_view word, T& value) {
  const auto r = std::from_chars(word.data(), word.data() + word.size(), value);
  return r.ec == std::errc{} && r.ptr == word.data() + word.size();
}

bool amount(std::string_view word, double& value) {
  return number(word, value) && std::isfinite(value) && value >= 0;
}

template <class T>
void append(std::string& text, T value) {
  char digits[32];
  const auto r = std::to_chars(digits, digits + sizeof digits, value);
  text += ' ';
  text.append(digits, r.ptr);
}

// What is wrong with the line, or null.
const char* parse(std::string_view line, CostRecord& record) {
  if (!unescape(cut(line, ' '), record.device)) return "no device name";
  if (!unescape(cut(line, ' '), record.kernel)) return "no kernel name";
  if (!number(cut(line, ' '), record.bytes)) return "no size in bytes";
  if (!amount(cut(line, ' '), record.work_flops)) return "no count of flops";
  if (!amount(cut(line, ' '), record.work_bytes)) return "no count of moved bytes";
  while (!line.empty()) {
    double time = 0;
    if (!amount(cut(line, ' '), time) || time <= 0 ||
        time > static_cast<double>(task_time_max.count()))
      return "not a time";
    if (record.times.size() == History::window) return "too many times";
    record.times.push_back(time);
  }
  return record.times.empty() ? "no times" : nullptr;
}

}  // namespace

std::string write_costs(const std::vector<CostRecord>& records) {
  std::string text{header};
  text += '\n';
  for (const CostRecord& record : records) {
    text += escape(record.device) + ' ' + escape(record.kernel);
    append(text, record.bytes);
    append(text, record.work_flops);
    append(text, record.work_bytes);
    for (const double time : record.times) append(text, time);
    text += '\n';
  }
  return text;
}

Result<std::vector<CostRecord>> read_costs(std::string_view text) {
  const auto refuse = [](std::size_t line, const std::string& why) {
    return Status{Code::invalid_argument, "cost model: line " + std::to_string(line) + ": " + why};
  };
  if (cut(text, '\n') != header) return refuse(1, "expected '" + std::string{header} + "'");
  std::vector<CostRecord> records;
  for (std::size_t line = 2; !text.empty(); ++line) {
    if (records.size() == HistoryTable::histories_max) return refuse(line, "too many histories");
    if (const char* wrong = parse(cut(text, '\n'), records.emplace_back()))
      return refuse(line, wrong);
  }
  return records;
}

}  // namespace troika
