// What the environment says of the emulated machine: EMULATED_CUDA_…; README.md has the list.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace cuda_emulator {

enum class Scheduler : std::uint8_t { fifo, random, lazy };
enum class Races : std::uint8_t { fail, report, off };

struct FaultOption {
  std::string name;
  std::uint64_t at = 0;  // the n-th such event, from 1; 0: every one
  int device = -1;       // whose events count; -1: all devices'
  std::string argument;  // a symbol's name
};

struct Options {
  Scheduler scheduler = Scheduler::fifo;
  std::uint64_t seed = 1;
  int devices = 2;
  std::uint64_t memory_bytes = std::uint64_t{1} << 30;
  Races races = Races::fail;
  int driver_version = 0;          // 0: that of the headers
  int capability = 80;             // 80 for compute capability 8.0
  bool registered_offset = false;  // device addresses of registered memory are not the host's
  std::uint64_t watchdog = 0;      // thread-instructions of one launch; 0: no limit
  std::map<int, int> attributes;   // CUdevice_attribute to its value
  std::vector<FaultOption> faults;
  std::string calls_file;  // empty: none
};

// Read once, at the first call. A value that says nothing known ends the process, naming it.
const Options& options();

}  // namespace cuda_emulator
