#include "backends/host/topology.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <hwloc.h>

#include "tests/temporary_folder.h"

namespace troika::host {
namespace {

namespace fs = std::filesystem;

// A made-up /proc/self and /sys/fs/cgroup.
class Cgroup : public testing::Test {
 protected:
  void write(const std::string& path, const std::string& text) {
    fs::create_directories((root_ / path).parent_path());
    std::ofstream{root_ / path} << text;
  }
  CgroupLimits read() {
    return read_cgroup_limits((root_ / "proc").string(), (root_ / "mnt").string());
  }

 private:
  TemporaryFolder root_;
};

TEST_F(Cgroup, without_files_nothing_is_limited) {
  const CgroupLimits limits = read();
  EXPECT_FALSE(limits.cpus);
  EXPECT_FALSE(limits.memory_bytes);
}

TEST_F(Cgroup, version_2_takes_the_tightest_limit_of_the_group_and_its_parents) {
  write("proc/cgroup", "0::/pod/app\n");
  write("mnt/pod/app/cpu.max", "max 100000\n");
  write("mnt/pod/app/memory.max", "4000\n");
  write("mnt/pod/app/memory.current", "100\n");
  write("mnt/pod/cpu.max", "150000 100000\n");
  write("mnt/pod/memory.max", "3000\n");
  write("mnt/pod/memory.current", "200\n");
  const CgroupLimits limits = read();
  EXPECT_DOUBLE_EQ(limits.cpus.value(), 1.5);
  EXPECT_EQ(limits.memory_bytes.value(), 3000U);
  EXPECT_EQ(limits.memory_used_bytes, 200U);
}

TEST_F(Cgroup, version_2_in_a_container_reads_the_root_of_the_mount) {
  write("proc/cgroup", "0::/not/visible/here\n");
  write("mnt/cpu.max", "50000 100000\n");
  EXPECT_DOUBLE_EQ(read().cpus.value(), 0.5);
}

TEST_F(Cgroup, version_1_reads_quota_and_limit_of_each_controller) {
  write("proc/cgroup", "4:memory:/box\n3:cpu,cpuacct:/box\n0::/\n");
  write("mnt/cpu/box/cpu.cfs_quota_us", "300000\n");
  write("mnt/cpu/box/cpu.cfs_period_us", "100000\n");
  write("mnt/cpu/cpu.cfs_quota_us", "-1\n");
  write("mnt/cpu/cpu.cfs_period_us", "100000\n");
  write("mnt/memory/box/memory.limit_in_bytes", "9223372036854771712\n");
  write("mnt/memory/memory.limit_in_bytes", "5000\n");
  write("mnt/memory/memory.usage_in_bytes", "50\n");
  const CgroupLimits limits = read();
  EXPECT_DOUBLE_EQ(limits.cpus.value(), 3.0);
  EXPECT_EQ(limits.memory_bytes.value(), 5000U);
  EXPECT_EQ(limits.memory_used_bytes, 50U);
}

CgroupLimits quota(double cpus) {
  CgroupLimits limits;
  limits.cpus = cpus;
  return limits;
}

TEST(UsableWorkers, are_bounded_by_affinity_and_by_the_quota_rounded_up) {
  Topology topology;
  topology.cpus = {0, 2, 4, 6};
  EXPECT_EQ(usable_workers(topology, {}), 4U);
  EXPECT_EQ(usable_workers(topology, quota(2.5)), 3U);
  EXPECT_EQ(usable_workers(topology, quota(0.2)), 1U);
  EXPECT_EQ(usable_workers(topology, quota(9.0)), 4U);
}

TEST(Topology, names_this_machine) {
  const Topology topology = read_topology();
  EXPECT_FALSE(topology.cpus.empty());
  EXPECT_GT(memory_available_bytes(), 0U);
}

TEST(Topology, is_what_hwloc_says) {
  hwloc_topology_t judge = nullptr;
  ASSERT_EQ(hwloc_topology_init(&judge), 0);
  ASSERT_EQ(hwloc_topology_load(judge), 0);
  const Topology topology = read_topology();
  const hwloc_bitmap_t allowed = hwloc_bitmap_alloc();
  for (const unsigned cpu : topology.cpus) hwloc_bitmap_set(allowed, cpu);
  EXPECT_EQ(static_cast<int>(topology.cores),
            hwloc_get_nbobjs_inside_cpuset_by_type(judge, allowed, HWLOC_OBJ_CORE));
  EXPECT_EQ(topology.memory_bytes, hwloc_get_root_obj(judge)->total_memory);
  const hwloc_obj_t package = hwloc_get_obj_by_type(judge, HWLOC_OBJ_PACKAGE, 0);
  const char* const model =
      package != nullptr ? hwloc_obj_get_info_by_name(package, "CPUModel") : nullptr;
  EXPECT_EQ(topology.description, model != nullptr ? model : "CPU");
  hwloc_bitmap_free(allowed);
  hwloc_topology_destroy(judge);
}

class CpuFolders : public testing::Test {
 protected:
  void SetUp() override {
    cpus_ = read_topology().cpus;
    if (cpus_.size() < 2) GTEST_SKIP() << "this process may use one CPU only";
  }
  void write(unsigned cpu, const std::string& siblings) {
    const fs::path folder = root_ / ("cpu" + std::to_string(cpu)) / "topology";
    fs::create_directories(folder);
    std::ofstream{folder / "thread_siblings_list"} << siblings << '\n';
  }
  Topology read() { return read_topology(root_ / "", root_ / "cpuinfo"); }

  std::vector<unsigned> cpus_;
  TemporaryFolder root_;
};

TEST_F(CpuFolders, threads_of_one_core_count_once) {
  for (const unsigned cpu : cpus_) write(cpu, "0-1");
  EXPECT_EQ(read().cores, 1U);
}

TEST_F(CpuFolders, a_cpu_that_tells_nothing_is_a_core) {
  write(cpus_[0], "0-1");
  EXPECT_EQ(read().cores, cpus_.size());
  EXPECT_EQ(read().description, "CPU");
}

}  // namespace
}  // namespace troika::host
