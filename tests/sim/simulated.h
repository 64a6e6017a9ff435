// A runtime on a simulated machine, for tests that know what is to happen.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "backends/sim/sim.h"
#include "runtime/exec/runtime.h"
#include "tests/sim/random_case.h"

namespace troika::oracle {

inline constexpr Nanos us{1'000}, ms{1'000'000};

// A host of two lanes and a device with memory of its own, "dev0".
sim::Machine small_machine();

// Two workers of the world's, whom a host lane may share.
enum class HostLaneUse : std::uint8_t { no, yes };
RuntimeParts simulated_parts(sim::World& world, std::vector<std::unique_ptr<Device>> devices,
                             HostLaneUse lane);

// Tasks of kernel "make" without edges, each of its part of the buffer.
Graph makes(const Buffer<Word>& of, std::size_t tasks);

struct SimulatedOptions {
  sim::WorldOptions world;
  sim::FaultPlan faults;
  RuntimeOptions runtime;
  HostLaneUse lane = HostLaneUse::no;
  std::function<void(TaskContext&, Word salt)> spawned = [](TaskContext&, Word) {};
  std::set<std::string> late;  // devices that the runtime does not have from the start
  // The host's kernels throw where one of these is their salt. Outlives the runtime.
  const std::set<Word>* throws = nullptr;
};

struct Simulated {
  explicit Simulated(const sim::Machine& machine, SimulatedOptions options = {});
  // Ends the runtime. Buffers are given up before.
  ~Simulated() { end(); }
  void end();

  sim::World world;
  std::map<std::string, std::unique_ptr<Device>> late;  // by name: who is to come
  std::optional<Runtime> runtime;
};

}  // namespace troika::oracle
