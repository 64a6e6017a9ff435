// What the environment says of the modelled cards: EMULATED_XRT_…; README.md has the list.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace xrt_model {

struct FaultOption {
  std::string name;
  std::uint64_t at = 0;  // the n-th such event, from 1; 0: every one
};

struct Options {
  unsigned devices = 2;
  std::uint64_t dma_bytes_per_second = 0;  // 0: as fast as it goes
  std::vector<FaultOption> faults;
};

// As read by the latest read_options(), or by the first call. A value that says nothing known ends
// the process, naming it.
Options options();

// Whoever opens the first card looks at the machine anew; its faults' events are counted from
// there.
void read_options();

// Whether the fault `name` strikes now: counts one event of its kind.
bool strikes(const std::string& name);

}  // namespace xrt_model
