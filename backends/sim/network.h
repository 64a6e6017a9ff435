// Transfers over links as a fluid: those that meet on a link divide its bandwidth fairly.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "backends/sim/machine.h"
#include "backends/sim/world.h"

namespace troika::sim {

using TransferId = std::uint64_t;

// Max-min fair: every transfer gets what the narrowest link on its way gives to each. Rates change
// whenever a transfer starts or ends.
class Network {
 public:
  Network(World& world, const Machine& machine);

  // Null when bytes cannot go that way.
  const MachineLink* find(const std::string& from, const std::string& to) const noexcept;
  // Calls `done` when all bytes have arrived: after the latency, then at the fair rate.
  TransferId start(const MachineLink& link, std::size_t bytes, World::Callback done);
  // Forgets the transfer, whose bandwidth the others get. Nothing when it has ended.
  void cancel(TransferId id);

 private:
  struct Flow {
    std::vector<std::size_t> pipes;  // its own link, then those it shares
    double bytes_left = 0;
    double bytes_per_second = 0;
    World::Callback done;
    bool flowing = false;  // false: still within its latency
  };

  void begin(TransferId id);
  void settle();        // moves what has flowed since the last call
  void share_fairly();  // sets every rate, and the alarm for the next end
  void end_finished(std::uint64_t alarm);

  World& world_;
  const std::vector<MachineLink> links_;
  std::vector<double> pipe_bytes_per_second_;
  std::vector<std::vector<std::size_t>> pipes_of_link_;
  std::map<TransferId, Flow> flows_;
  TransferId last_id_ = 0;
  Nanos settled_at_{0};
  std::uint64_t alarm_ = 0;  // only the latest alarm counts
};

}  // namespace troika::sim
