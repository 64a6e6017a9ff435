#include "examples/command.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

namespace troika {

CommandLine::CommandLine(const char* what) : app_{std::make_unique<CLI::App>(what)} {}

CommandLine::~CommandLine() = default;

std::optional<int> CommandLine::parse(int argc, char** argv) {
  try {
    app_->parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app_->exit(error);
  }
  return std::nullopt;
}

Command::Command(CommandLine& line, const char* name, const char* what)
    : app_{line.app_->add_subcommand(name, what)} {
  line.app_->require_subcommand(1);
}

bool Command::given() const { return app_->parsed(); }

void Command::number(const char* name, double& value, double least, double most, const char* help) {
  app_->add_option(name, value, help)->check(CLI::Range(least, most))->capture_default_str();
}

void Command::text(const char* name, std::string& value, const std::string& help,
                   const std::vector<std::string>& words) {
  CLI::Option* const option = app_->add_option(name, value, help)->capture_default_str();
  if (!words.empty()) option->check(CLI::IsMember(words));
}

void Command::texts(const char* name, std::vector<std::string>& values, const char* help,
                    const std::vector<std::string>& words) {
  CLI::Option* const option =
      app_->add_option(name, values, help)->delimiter(',')->capture_default_str();
  if (!words.empty()) option->check(CLI::IsMember(words));
}

void Command::positional(const char* what, std::string& value, const char* help) {
  app_->add_option(what, value, help)->required(value.empty());
}

void Command::positionals(const char* what, std::vector<std::string>& values, const char* help) {
  app_->add_option(what, values, help)->required();
}

void Command::flag(const char* name, bool& value, const char* help) {
  app_->add_flag(name, value, help);
}

void Command::add_count(const char* name, const char* help, Limits limits, std::uint64_t now,
                        std::function<void(std::uint64_t)> set) {
  CLI::Option* const option = app_->add_option_function<std::uint64_t>(name, std::move(set), help)
                                  ->check(CLI::Range(limits.least, limits.most));
  if (now >= limits.least && now <= limits.most) option->default_str(std::to_string(now));
}

void Command::add_counts(const char* name, const char* help, Limits limits,
                         const std::vector<std::uint64_t>& now,
                         std::function<void(std::span<const std::uint64_t>)> set) {
  CLI::Option* const option =
      app_->add_option_function<std::vector<std::uint64_t>>(name, std::move(set), help)
          ->delimiter(',')
          ->check(CLI::Range(limits.least, limits.most));
  if (!now.empty()) option->default_str(CLI::detail::join(now));
}

}  // namespace troika
