#include "backends/sim/machine.h"

#include <fstream>

#include <gtest/gtest.h>

#include "tests/temporary_folder.h"

namespace troika::sim {
namespace {

Machine priced() {
  Machine machine;
  machine.devices.push_back({.name = "gpu", .costs = "fast"});
  machine.costs = {{"gemm", "fast", 1'000, Nanos{100'000}, Nanos{10}},
                   {"gemm", "fast", 4'000, Nanos{400'000}, Nanos{40}},
                   {"any", "fast", 0, Nanos{7'000}, Nanos{0}},
                   {"gemm", "slow", 1'000, Nanos{900'000}, Nanos{0}}};
  return machine;
}

TEST(Machine, a_kernel_costs_what_was_measured_at_its_size_on_its_device) {
  const Machine machine = priced();
  const auto mean = [&](std::string_view kernel, std::size_t bytes) {
    return price_of(machine, machine.devices[0], kernel, bytes).mean;
  };
  EXPECT_EQ(mean("gemm", 1'000), Nanos{100'000});
  EXPECT_EQ(price_of(machine, machine.devices[0], "gemm", 4'000).stddev, Nanos{40});
  EXPECT_NEAR(static_cast<double>(mean("gemm", 2'000).count()), 200'000, 2) << "between";
  EXPECT_NEAR(static_cast<double>(mean("gemm", 500).count()), 50'000, 2) << "below";
  EXPECT_NEAR(static_cast<double>(mean("gemm", 8'000).count()), 800'000, 2) << "above";
  EXPECT_EQ(mean("any", 123), Nanos{7'000});
  EXPECT_EQ(mean("unknown", 10'000'000), Nanos{1'001'000}) << "1 us, and bytes at 10 GB/s";
}

class MachineFile : public ::testing::Test {
 protected:
  std::string write(const std::string& name, const std::string& text) {
    std::ofstream{folder_ / name} << text;
    return (folder_ / name).string();
  }

 private:
  TemporaryFolder folder_;
};

constexpr const char* two_devices = R"({
  "name": "m",
  "devices": [
    {"name": "cpu", "kind": "cpu", "count": 9, "space": "host", "costs": "cpu"},
    {"name": "gpu0", "kind": "gpu", "count": 1, "space": "gpu0", "memory_bytes": 500, "costs": "c0",
     "launch_us": 7.5}],
  "links": [{"from": "host", "to": "gpu0", "mb_per_s": 6011, "latency_us": 9.8, "shares": ["bus"]}],
  "shared_links": [{"name": "bus", "mb_per_s": 6517}],
  "costs": {"file": "costs.csv", "platform": "m"}})";

TEST_F(MachineFile, holds_devices_links_and_the_costs_of_its_platform) {
  write("costs.csv",
        "platform,kernel,device,tile,bytes,mean_us,stddev_us\n"
        "m,potrf,cpu,320,409600,922.1,45.2\n"
        "other,potrf,cpu,320,409600,1,1\n");
  const auto machine = read_machine(write("m.json", two_devices));
  ASSERT_TRUE(machine.ok()) << machine.status().to_string();
  ASSERT_EQ(machine->devices.size(), 2u);
  EXPECT_EQ(machine->devices[0].count, 9u);
  EXPECT_TRUE(machine->devices[0].is_host);
  EXPECT_FALSE(machine->devices[1].is_host);
  EXPECT_EQ(machine->devices[1].kind, DeviceKind::gpu);
  EXPECT_EQ(machine->devices[1].memory_bytes, 500u);
  EXPECT_EQ(machine->devices[0].launch_latency, Nanos{0});
  EXPECT_EQ(machine->devices[1].launch_latency, Nanos{7'500});
  ASSERT_EQ(machine->links.size(), 1u);
  EXPECT_DOUBLE_EQ(machine->links[0].bytes_per_second, 6011e6);
  EXPECT_EQ(machine->links[0].latency, Nanos{9'800});
  EXPECT_EQ(machine->links[0].shares, std::vector<std::string>{"bus"});
  ASSERT_EQ(machine->costs.size(), 1u);
  EXPECT_EQ(machine->costs[0].mean, Nanos{922'100});
  EXPECT_EQ(machine->costs[0].bytes, 409'600u);
  EXPECT_EQ(machine->costs[0].tile, 320u);
}

TEST_F(MachineFile, what_is_wrong_with_it_is_said) {
  EXPECT_EQ(read_machine("/no/such/machine.json").status().code(), Code::not_found);
  EXPECT_EQ(read_machine(write("a.json", "{")).status().code(), Code::invalid_argument);
  const auto no_costs = read_machine(write("b.json", two_devices));
  EXPECT_EQ(no_costs.status().code(), Code::not_found) << no_costs.status().to_string();
  write("costs.csv", "header\nm,potrf,cpu,320,many,1,1\n");
  const auto bad_number = read_machine(write("c.json", two_devices));
  EXPECT_EQ(bad_number.status().code(), Code::invalid_argument);
  const auto bad_kind = read_machine(
      write("d.json", R"({"name":"m","devices":[{"name":"x","kind":"abacus","space":"host"}]})"));
  EXPECT_NE(bad_kind.status().message().find("abacus"), std::string_view::npos);
}

}  // namespace
}  // namespace troika::sim
