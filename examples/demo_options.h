// What the demo's command line asks for.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace troika::demo {

struct Options {
  std::string picture;  // PNG or JPEG
  std::string policy = "load_aware";
  std::vector<std::string> devices;  // names or backends; empty: all
  unsigned tiles = 0;                // 0: as many as suit the picture
  unsigned factor = 0;               // 0: as large as it takes to keep a machine busy
  unsigned repeats = 5;
  std::string json;  // empty: none
  std::string output = "out/demo.png";
  std::string trace = "out/demo_trace.json";
  std::string report = "out/demo_report.html";
};

// None when there is nothing to do but end with `exit_code`: help was asked for, or a mistake
// named.
std::optional<Options> read_options(int argc, char** argv, int& exit_code);

}  // namespace troika::demo
