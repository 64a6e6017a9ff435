// What the environment says of the modelled cards: EMULATED_XRT_…; README.md has the list.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace xrt_model {

struct FaultOption {
  std::string name;
  std::uint64_t at = 0;  // the n-th such event of the process, from 1; 0: every one
};

struct Options {
  unsigned devices = 2;
  std::uint64_t dma_bytes_per_second = 0;  // 0: as fast as it goes
  std::vector<FaultOption> faults;
};

// Read once, at the first call. A value that says nothing known ends the process, naming it.
const Options& options();

// Whether the fault `name` strikes now: counts one event of its kind.
bool strikes(const std::string& name);

}  // namespace xrt_model
