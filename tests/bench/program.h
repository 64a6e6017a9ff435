// troika-bench as a user starts it.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "tests/temporary_folder.h"

namespace troika::bench {

class Program {
 public:
  // The exit code. `environment` goes before it: "NAME=value".
  int start(const std::string& options, const std::string& environment = {});
  // What the last one printed, errors included.
  const std::string& printed() const { return printed_; }
  // What it wrote to json().
  nlohmann::json report() const;

  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  // The option that makes it write its report.
  std::string json() const { return " --json " + path("report.json"); }
  static std::string text(const std::string& file);

 private:
  TemporaryFolder folder_;
  std::string printed_;
};

}  // namespace troika::bench
