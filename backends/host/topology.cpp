#include "backends/host/topology.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <set>
#include <sstream>

#include <sched.h>
#include <unistd.h>

namespace troika::host {
namespace {

// A file of one number; none when it is missing, says "max" or -1, or is not a number.
std::optional<double> read_number(const std::string& path) {
  std::ifstream file{path};
  double value = 0;
  if (!(file >> value) || value < 0) return std::nullopt;
  return value;
}

// What version 1 says for "no limit" is just below 2^63.
constexpr double no_limit_bytes = 1e18;

void note_cpus(CgroupLimits& limits, double quota, double period) {
  if (quota <= 0 || period <= 0) return;
  limits.cpus = std::min(limits.cpus.value_or(quota / period), quota / period);
}

void note_memory(CgroupLimits& limits, std::optional<double> limit, std::optional<double> used) {
  if (!limit || *limit >= no_limit_bytes) return;
  const auto bytes = static_cast<std::size_t>(*limit);
  if (limits.memory_bytes && *limits.memory_bytes <= bytes) return;
  limits.memory_bytes = bytes;
  limits.memory_used_bytes = static_cast<std::size_t>(used.value_or(0));
}

void read_version2(CgroupLimits& limits, const std::string& folder) {
  std::ifstream cpu{folder + "/cpu.max"};
  double quota = 0;
  double period = 0;
  if (cpu >> quota >> period) note_cpus(limits, quota, period);
  note_memory(limits, read_number(folder + "/memory.max"), read_number(folder + "/memory.current"));
}

void read_version1_cpu(CgroupLimits& limits, const std::string& folder) {
  note_cpus(limits, read_number(folder + "/cpu.cfs_quota_us").value_or(0),
            read_number(folder + "/cpu.cfs_period_us").value_or(0));
}

void read_version1_memory(CgroupLimits& limits, const std::string& folder) {
  note_memory(limits, read_number(folder + "/memory.limit_in_bytes"),
              read_number(folder + "/memory.usage_in_bytes"));
}

// Calls `read` for the group and each of its parents. In a container the group's path may not
// exist below the mount, whose root is then the group itself: its files are read last, always.
template <class Read>
void for_group_and_parents(const std::string& mount, std::string group, Read&& read) {
  while (group.size() > 1) {
    read(mount + group);
    group.resize(group.find_last_of('/'));
  }
  read(mount);
}

std::vector<unsigned> allowed_cpus() {
  std::vector<unsigned> cpus;
  // The mask grows with the machine: the kernel refuses one that is too small.
  for (int cpus_max = CPU_SETSIZE; cpus_max <= (1 << 20); cpus_max *= 2) {
    const std::size_t bytes = CPU_ALLOC_SIZE(cpus_max);
    std::vector<unsigned long> words(bytes / sizeof(unsigned long));
    auto* mask = reinterpret_cast<cpu_set_t*>(words.data());
    if (sched_getaffinity(0, bytes, mask) != 0) continue;
    for (unsigned cpu = 0; cpu < static_cast<unsigned>(cpus_max); ++cpu)
      if (CPU_ISSET_S(cpu, bytes, mask)) cpus.push_back(cpu);
    break;
  }
  return cpus;
}

// CPUs of one core name the same list of siblings. One that names none is taken for a core.
unsigned cores_among(const std::vector<unsigned>& cpus, const std::string& cpu_folders) {
  std::set<std::string> siblings;
  unsigned alone = 0;
  for (const unsigned cpu : cpus) {
    std::ifstream file{cpu_folders + "/cpu" + std::to_string(cpu) +
                       "/topology/thread_siblings_list"};
    if (std::string list; std::getline(file, list)) siblings.insert(std::move(list));
    else ++alone;
  }
  return static_cast<unsigned>(siblings.size()) + alone;
}

// What the first processor calls itself; the files of other architectures than x86 may not say.
std::string model_name(const std::string& cpuinfo) {
  std::ifstream file{cpuinfo};
  for (std::string line; std::getline(file, line) && !line.empty();) {
    const std::size_t colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) return line.substr(colon + 2);
  }
  return "CPU";
}

}  // namespace

CgroupLimits read_cgroup_limits(const std::string& proc_self, const std::string& mounts) {
  CgroupLimits limits;
  std::ifstream groups{proc_self + "/cgroup"};
  // Lines are "hierarchy:controllers:path"; no controllers means version 2.
  for (std::string line; std::getline(groups, line);) {
    std::istringstream fields{line};
    std::string hierarchy;
    std::string controllers;
    std::string group;
    if (!std::getline(fields, hierarchy, ':') || !std::getline(fields, controllers, ':') ||
        !std::getline(fields, group))
      continue;
    if (controllers.empty()) {
      for_group_and_parents(mounts, group,
                            [&](const auto& folder) { read_version2(limits, folder); });
      continue;
    }
    std::istringstream names{controllers};
    for (std::string name; std::getline(names, name, ',');) {
      if (name == "cpu") {
        for_group_and_parents(mounts + "/cpu", group,
                              [&](const auto& folder) { read_version1_cpu(limits, folder); });
      } else if (name == "memory") {
        for_group_and_parents(mounts + "/memory", group,
                              [&](const auto& folder) { read_version1_memory(limits, folder); });
      }
    }
  }
  return limits;
}

Topology read_topology(const std::string& cpu_folders, const std::string& cpuinfo) {
  Topology found;
  found.cpus = allowed_cpus();
  if (found.cpus.empty()) found.cpus.push_back(0);
  found.cores = cores_among(found.cpus, cpu_folders);
  found.description = model_name(cpuinfo);
  const long pages = sysconf(_SC_PHYS_PAGES), page_bytes = sysconf(_SC_PAGESIZE);
  if (pages > 0 && page_bytes > 0)
    found.memory_bytes = static_cast<std::size_t>(pages) * static_cast<std::size_t>(page_bytes);
  return found;
}

unsigned usable_workers(const Topology& topology, const CgroupLimits& limits) noexcept {
  const auto cpus = std::max<std::size_t>(topology.cpus.size(), 1);
  const double quota = std::ceil(limits.cpus.value_or(static_cast<double>(cpus)));
  return static_cast<unsigned>(std::clamp(quota, 1.0, static_cast<double>(cpus)));
}

std::size_t memory_available_bytes() {
  std::size_t available = 0;
  std::ifstream meminfo{"/proc/meminfo"};
  for (std::string line; std::getline(meminfo, line);) {
    std::istringstream fields{line};
    std::string name;
    std::size_t kib = 0;
    if (fields >> name >> kib && name == "MemAvailable:") available = kib * 1024;
  }
  const CgroupLimits limits = read_cgroup_limits();
  if (limits.memory_bytes) {
    const std::size_t used = std::min(limits.memory_used_bytes, *limits.memory_bytes);
    available = std::min(available, *limits.memory_bytes - used);
  }
  return available;
}

}  // namespace troika::host
