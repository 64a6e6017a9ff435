// Makers of the policies that come with Troika; make_policy() finds them by name.
#pragma once

#include <cstdint>
#include <memory>

#include "runtime/sched/policy.h"

namespace troika {

std::unique_ptr<Policy> make_load_aware();
std::unique_ptr<Policy> make_affinity_pull();
std::unique_ptr<Policy> make_round_robin();
std::unique_ptr<Policy> make_least_loaded();
std::unique_ptr<Policy> make_least_connections();
std::unique_ptr<Policy> make_fastest_first();
std::unique_ptr<Policy> make_earliest_finish();
std::unique_ptr<Policy> make_random(std::uint64_t seed);
std::unique_ptr<Policy> make_eager();

}  // namespace troika
