#include "runtime/sched/cost_memo.h"

#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace troika {
namespace {

// Kernels, sizes and devices in any order: a kernel never measured somewhere goes by others there,
// a size never measured by other sizes.
TEST(CostMemo, tells_what_the_model_tells_whatever_is_observed_in_between) {
  CostModel model;
  std::vector<DeviceId> devices;
  for (const double flops : {1e12, 1e10, 3e11})
    devices.push_back(model.add_device({"device " + std::to_string(flops), flops, 1e11, Nanos{9}}));
  CostMemo memo{model};
  struct Known {
    CostKey key;
    Work work;
    std::uint32_t row;
  };
  std::vector<Known> all;
  for (const char* name : {"blur", "sobel", "join", "never measured"}) {
    const KernelId kernel = model.add_kernel(name);
    for (const std::uint64_t bytes : {64, 4096, 1 << 20})
      for (const double flops : {1e6, 1e9}) {
        const CostKey key{kernel, bytes};
        const Work work{flops, static_cast<double>(bytes)};
        all.push_back({key, work, memo.row_of(key, work)});
      }
  }
  EXPECT_EQ(memo.row_of(all[3].key, all[3].work), all[3].row);

  std::mt19937_64 random{5};
  for (int step = 0; step < 400; ++step) {
    for (const Known& known : all)
      for (const DeviceId device : devices) {
        const Estimate expected = model.predict(known.key, known.work, device);
        const Estimate& told = memo.at(known.row, device);
        ASSERT_EQ(told.time, expected.time) << "step " << step;
        ASSERT_EQ(told.samples, expected.samples);
        ASSERT_EQ(told.kernel_samples, expected.kernel_samples);
        ASSERT_EQ(told.lasting_samples, expected.lasting_samples);
      }
    const Known& seen = all[random() % (all.size() - 6)];
    model.observe(seen.key, seen.work, devices[random() % devices.size()],
                  Nanos{static_cast<Nanos::rep>(1000 + random() % 100'000)}, random() % 4 == 0);
  }
}

}  // namespace
}  // namespace troika
