#include "tests/drivers/cuda/isa.h"

#include <map>

namespace cuda_emulator {
namespace {

std::size_t closing(std::string_view pattern) {
  const std::size_t end = pattern.find('}');
  return end == std::string_view::npos ? pattern.size() - 1 : end;
}

// Calls f(alternative) for each of "{a,b,c}"'s; stops when f says true, and says so.
template <class F>
bool any_alternative(std::string_view inside, F&& f) {
  for (;;) {
    const std::size_t comma = inside.find(',');
    if (f(inside.substr(0, comma))) return true;
    if (comma == std::string_view::npos) return false;
    inside.remove_prefix(comma + 1);
  }
}

bool matches(std::string_view pattern, std::string_view text) {
  const std::size_t brace = pattern.find('{');
  if (brace == std::string_view::npos) return pattern == text;
  if (text.substr(0, brace) != pattern.substr(0, brace)) return false;
  text.remove_prefix(brace);
  pattern.remove_prefix(brace);
  const std::size_t end = closing(pattern);
  return any_alternative(pattern.substr(1, end - 1), [&](std::string_view one) {
    return text.starts_with(one) && matches(pattern.substr(end + 1), text.substr(one.size()));
  });
}

void expand(const std::string& before, std::string_view pattern, std::vector<std::string>& all) {
  const std::size_t brace = pattern.find('{');
  if (brace == std::string_view::npos) {
    all.push_back(before + std::string(pattern));
    return;
  }
  const std::string begun = before + std::string(pattern.substr(0, brace));
  pattern.remove_prefix(brace);
  const std::size_t end = closing(pattern);
  any_alternative(pattern.substr(1, end - 1), [&](std::string_view one) {
    expand(begun + std::string(one), pattern.substr(end + 1), all);
    return false;
  });
}

std::string_view opcode(std::string_view text) { return text.substr(0, text.find_first_of(".{")); }

using Lines = std::multimap<std::string, std::string, std::less<>>;

// A line of several opcodes ("{add,sub}.f64") is one for each.
void add(Lines& lines, std::string_view line) {
  if (line[0] != '{') {
    lines.emplace(opcode(line), line);
    return;
  }
  const std::size_t end = closing(line);
  any_alternative(line.substr(1, end - 1), [&](std::string_view one) {
    const std::string whole = std::string(one) + std::string(line.substr(end + 1));
    lines.emplace(opcode(whole), whole);
    return false;
  });
}

// The lines, by what stands before the first dot. Never destroyed: a process may end within a call.
const Lines& lines() {
  static const auto* const all = [] {
    auto* const made = new Lines();
    const std::string text = isa_text();
    for (std::size_t begin = 0; begin < text.size();) {
      const std::size_t end = text.find('\n', begin);
      const std::string_view line = std::string_view(text).substr(begin, end - begin);
      if (!line.empty() && line[0] != '#') add(*made, line);
      if (end == std::string::npos) break;
      begin = end + 1;
    }
    return made;
  }();
  return *all;
}

}  // namespace

bool is_whitelisted(std::string_view mnemonic) {
  const auto [begin, end] = lines().equal_range(opcode(mnemonic));
  for (auto line = begin; line != end; ++line) {
    if (matches(line->second, mnemonic)) return true;
  }
  return false;
}

std::vector<std::string> whole_isa() {
  std::vector<std::string> all;
  for (const auto& [op, line] : lines()) expand("", line, all);
  return all;
}

}  // namespace cuda_emulator
