// A program that may be installed, and what it makes of what we write.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace troika {

// The first of the names that is found in PATH; none: none is installed.
std::optional<std::string> find_program(const std::vector<std::string>& names);

struct Said {
  int exit_code = -1;
  std::string text;  // of both its outputs
};
// Runs a shell command to its end.
Said said_by(const std::string& command);

}  // namespace troika
