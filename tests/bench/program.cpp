#include "tests/bench/program.h"

#include <cstdlib>
#include <fstream>
#include <iterator>

#include <sys/wait.h>

namespace troika::bench {

int Program::start(const std::string& options, const std::string& environment) {
  const std::string command =
      environment + " " + TROIKA_BENCH + " " + options + " > " + path("printed") + " 2>&1";
  const int status = std::system(command.c_str());
  printed_ = text(path("printed"));
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

nlohmann::json Program::report() const { return nlohmann::json::parse(text(path("report.json"))); }

std::string Program::text(const std::string& file) {
  std::ifstream stream{file};
  return {std::istreambuf_iterator<char>{stream}, {}};
}

}  // namespace troika::bench
