// The text in which cost models are kept between processes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"

namespace troika {

// One history: a line "device kernel bytes flops moved time time …", names escaped, times in
// nanoseconds, oldest first, after a first line that names the format.
struct CostRecord {
  std::string device, kernel;
  std::uint64_t bytes = 0;
  double work_flops = 0, work_bytes = 0;
  std::vector<double> times;
};

std::string write_costs(const std::vector<CostRecord>& records);
// Code::invalid_argument names the line and what is wrong with it; no text makes it crash.
Result<std::vector<CostRecord>> read_costs(std::string_view text);

}  // namespace troika
