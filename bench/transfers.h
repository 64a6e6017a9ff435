// How long bytes take from where one device wrote them to where another reads them.
#pragma once

#include <string>
#include <vector>

#include "runtime/troika.h"

namespace troika::bench {

// Kernels that touch nothing: what is left of a run's time is the way of the bytes.
Status define_touches(KernelRegistry& kernels);

struct Transfer {
  std::vector<double> micros;         // of a run on `to` behind one on `from`
  std::vector<double> launch_micros;  // of the same once more, when the bytes are there
  std::uint64_t bytes_copied = 0, bytes_handed_over = 0;  // of one, by the runtime's counters
};

// Throws Error when one of the devices cannot run the kernels.
Transfer measure_transfer(Runtime& runtime, const std::string& from, const std::string& to,
                          std::size_t bytes, unsigned repeats);

}  // namespace troika::bench
