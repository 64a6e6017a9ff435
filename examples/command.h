// What a program reads from its command line.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace troika {

// CLI11 reads it; its headers would take each file that includes them longer than all else in it.
class CommandLine {
 public:
  explicit CommandLine(const char* what);
  ~CommandLine();
  // The exit status where there is nothing left to do: help was asked for, or a mistake named.
  std::optional<int> parse(int argc, char** argv);

 private:
  friend class Command;
  std::unique_ptr<CLI::App> app_;
};

struct Limits {
  std::uint64_t least, most;
};

// The options of a program, or of a subcommand of it: one of these has to be named where there are
// any. What a value holds beforehand is its default, and --help shows it. The values outlive the
// parsing. A value beyond its limits, or not among the words, is refused by name; one that lies
// beyond them beforehand is no default.
class Command {
 public:
  explicit Command(CommandLine& line) : app_{line.app_.get()} {}
  Command(CommandLine& line, const char* name, const char* what);
  // Once parsed: whether it is what was asked for.
  bool given() const;

  template <std::unsigned_integral T>
  void count(const char* name, T& value, Limits limits, const char* help) {
    add_count(name, help, limits, value, [&value](std::uint64_t n) { value = static_cast<T>(n); });
  }
  // Several, with commas.
  template <std::unsigned_integral T>
  void counts(const char* name, std::vector<T>& values, Limits limits, const char* help) {
    add_counts(name, help, limits, {values.begin(), values.end()},
               [&values](std::span<const std::uint64_t> given) {
                 values.resize(given.size());
                 std::transform(given.begin(), given.end(), values.begin(),
                                [](std::uint64_t n) { return static_cast<T>(n); });
               });
  }
  void number(const char* name, double& value, double least, double most, const char* help);
  // `words`: the only ones there are; none: any.
  void text(const char* name, std::string& value, const std::string& help,
            const std::vector<std::string>& words = {});
  // Several, with commas.
  void texts(const char* name, std::vector<std::string>& values, const char* help,
             const std::vector<std::string>& words = {});
  // Without a name on the command line; may be left out only where the value has a default.
  void positional(const char* what, std::string& value, const char* help);
  void positionals(const char* what, std::vector<std::string>& values, const char* help);
  // "!--no-x" clears the value.
  void flag(const char* name, bool& value, const char* help);

 private:
  void add_count(const char* name, const char* help, Limits limits, std::uint64_t now,
                 std::function<void(std::uint64_t)> set);
  void add_counts(const char* name, const char* help, Limits limits,
                  const std::vector<std::uint64_t>& now,
                  std::function<void(std::span<const std::uint64_t>)> set);

  CLI::App* app_;
};

}  // namespace troika
