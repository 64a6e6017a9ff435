// What the demo tells: on the terminal, and as JSON.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "examples/demo_job.h"

namespace troika::demo {

// Which devices there are, which cores they share, and why others are missing.
void print_devices(std::ostream& out, Runtime& runtime, const std::vector<std::string>& used);

// A device that ran the pipeline alone.
struct Alone {
  std::string device;
  Times times;
};

struct Report {
  bool exact = false;
  std::vector<std::string> devices;            // names, as --devices takes them
  std::size_t tasks = 0;                       // of one run
  std::vector<std::uint64_t> tasks_by_device;  // of all runs together, beside `devices`
  std::uint64_t bytes_copied = 0, bytes_handed_over = 0;
  std::vector<Alone> alone;
  Times together;
};

void print(std::ostream& out, const Report& report);
Status write_json(const std::string& path, const Report& report);

}  // namespace troika::demo
