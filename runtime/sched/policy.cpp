#include "runtime/sched/policy.h"

#include <array>

#include "runtime/sched/policies.h"

namespace troika {
namespace {

struct Maker {
  std::string_view name;
  std::unique_ptr<Policy> (*make)(std::uint64_t seed);
};

template <std::unique_ptr<Policy> (*make)()>
std::unique_ptr<Policy> seedless(std::uint64_t) {
  return make();
}

constexpr std::array makers{
    Maker{"load_aware", seedless<make_load_aware>},
    Maker{"affinity_pull", seedless<make_affinity_pull>},
    Maker{"round_robin", seedless<make_round_robin>},
    Maker{"least_loaded", seedless<make_least_loaded>},
    Maker{"least_connections", seedless<make_least_connections>},
    Maker{"fastest_first", seedless<make_fastest_first>},
    Maker{"earliest_finish", seedless<make_earliest_finish>},
    Maker{"random", make_random},
    Maker{"eager", seedless<make_eager>},
};

constexpr auto names = [] {
  std::array<std::string_view, makers.size()> result;
  for (std::size_t i = 0; i < makers.size(); ++i) result[i] = makers[i].name;
  return result;
}();

}  // namespace

void Policy::on_ready(const ReadyTask&, const SchedView&) {}
void Policy::on_withdrawn(const ReadyTask&) {}
void Policy::on_done(const ReadyTask&, LaneId, Nanos) {}

Result<std::unique_ptr<Policy>> make_policy(std::string_view name, std::uint64_t seed) {
  for (const Maker& maker : makers)
    if (maker.name == name) return maker.make(seed);
  std::string known;
  for (const std::string_view each : names) {
    if (!known.empty()) known += ", ";
    known += each;
  }
  return Status{Code::not_found,
                "no policy is called '" + std::string{name} + "'; there are " + known};
}

std::span<const std::string_view> policy_names() noexcept { return names; }

}  // namespace troika
