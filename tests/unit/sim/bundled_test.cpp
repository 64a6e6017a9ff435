#include "backends/sim/bundled.h"

#include <gtest/gtest.h>

#include "backends/sim/sim.h"
#include "backends/sim/tile_kernels.h"

namespace troika::sim {
namespace {

TEST(Bundled, every_machine_opens_with_the_host_first_and_prices_every_kernel_somewhere) {
  for (const std::string_view name : bundled_machine_names()) {
    SCOPED_TRACE(name);
    const auto machine = bundled_machine(name);
    ASSERT_TRUE(machine.ok());
    EXPECT_EQ(machine->name, name);
    World world;
    const Opened opened = open(world, *machine);
    ASSERT_EQ(opened.devices.size(), machine->devices.size());
    EXPECT_EQ(opened.devices.front()->info().space, host_space);
    for (const TileKernel& kernel : tile_kernels())
      EXPECT_TRUE(std::any_of(machine->costs.begin(), machine->costs.end(),
                              [&](const KernelCost& cost) { return cost.kernel == kernel.name; }))
          << kernel.name;
  }
}

TEST(Bundled, panels_gain_less_from_a_gpu_than_updates) {
  const Machine machine = *bundled_machine("workstation");
  const auto gain = [&](std::string_view kernel) {
    const std::size_t bytes = 1024 * 1024 * sizeof(float);
    return to_seconds(price_of(machine, machine.devices[0], kernel, bytes).mean) /
           to_seconds(price_of(machine, machine.devices[1], kernel, bytes).mean);
  };
  EXPECT_GT(gain("potrf"), 1);
  EXPECT_GT(gain("gemm"), 5 * gain("potrf"));
}

TEST(Bundled, an_unknown_name_lists_the_names) {
  const Status status = bundled_machine("abacus").status();
  EXPECT_EQ(status.code(), Code::not_found);
  EXPECT_EQ(status.message(),
            "no machine is called 'abacus'; there are laptop, workstation, server8");
}

}  // namespace
}  // namespace troika::sim
