#include "runtime/sched/cost_model.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <numeric>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace troika {
namespace {

constexpr Work work{1e6, 1e6};

struct CostModelTest : testing::Test {
  void observe(double nanos, std::uint64_t bytes = 4096) {
    model.observe({kernel, bytes}, work, device, Nanos{std::llround(nanos)});
  }
  double predicted(std::uint64_t bytes = 4096) const {
    return static_cast<double>(model.predict({kernel, bytes}, work, device).time.count());
  }

  CostModel model;
  DeviceId device = model.add_device({"gpu 0", 1e12, 1e11, Nanos{10'000}});
  DeviceId slower = model.add_device({"cpu", 1e10, 1e10, Nanos{1'000}});
  KernelId kernel = model.add_kernel("blur");
  KernelId other = model.add_kernel("sobel");
  std::mt19937_64 random{7};
};

TEST_F(CostModelTest, rare_spikes_of_a_hundred_times_barely_move_a_prediction) {
  std::normal_distribution<double> noise{1e6, 3e4};
  double worst = 0;
  for (int i = 0; i < 5000; ++i) {
    observe(random() % 100 == 0 ? 1e8 : noise(random));
    if (i > 20) worst = std::max(worst, std::abs(predicted() - 1e6) / 1e6);
  }
  EXPECT_LT(worst, 0.05);
}

TEST_F(CostModelTest, a_first_sample_that_is_a_spike_is_outvoted_by_the_second) {
  observe(1e8);
  observe(1e6);
  EXPECT_NEAR(predicted(), 1e6, 1e4);
}

TEST_F(CostModelTest, provisional_samples_stand_until_there_is_a_lasting_one) {
  const auto estimate = [&](std::uint64_t bytes) {
    return model.predict({kernel, bytes}, work, device);
  };
  for (int i = 0; i < 9; ++i) model.observe({kernel, 4096}, work, device, Nanos{9'000'000}, true);
  model.observe({kernel, 4000}, work, device, Nanos{9'000'000}, true);
  EXPECT_NEAR(predicted(), 9e6, 1);
  EXPECT_EQ(estimate(4096).kernel_samples, 10U);
  EXPECT_EQ(estimate(4096).lasting_samples, 0U);

  observe(1e6);
  model.observe({kernel, 4096}, work, device, Nanos{9'000'000}, true);  // too late to be heard
  EXPECT_NEAR(predicted(), 1e6, 1);
  EXPECT_EQ(estimate(4096).samples, 1U);
  EXPECT_EQ(estimate(4096).lasting_samples, 1U);
  EXPECT_LT(predicted(4000), 2e6) << "a size with provisional samples only goes by the other";
}

TEST_F(CostModelTest, drift_is_followed_within_twenty_samples) {
  for (int i = 0; i < 1000; ++i) observe(1e6);
  for (int i = 0; i < 20; ++i) observe(2e6);
  EXPECT_NEAR(predicted(), 2e6, 2e4);
  for (int i = 0; i < 20; ++i) observe(5e5);
  EXPECT_NEAR(predicted(), 5e5, 5e3);
}

TEST_F(CostModelTest, predicts_the_mean_of_the_middle_half_of_the_latest_sixteen) {
  std::deque<double> latest;
  for (int i = 0; i < 2000; ++i) {
    // Of few values, so that some are equal.
    latest.push_back(1e3 * static_cast<double>(1 + random() % 24));
    observe(latest.back());
    if (latest.size() < 16) continue;
    if (latest.size() > 16) latest.pop_front();
    std::vector<double> sorted(latest.begin(), latest.end());
    std::sort(sorted.begin(), sorted.end());
    ASSERT_NEAR(predicted(), std::accumulate(&sorted[4], &sorted[12], 0.0) / 8, 1);
  }
}

TEST_F(CostModelTest, the_deviation_is_that_of_the_samples) {
  EXPECT_EQ(model.predict({kernel, 4096}, work, device).deviation, 1.0);
  std::normal_distribution<double> noise{1e6, 1e5};
  double sum = 0;
  for (int i = 0; i < 2000; ++i) {
    observe(noise(random));
    if (i >= 16) sum += model.predict({kernel, 4096}, work, device).deviation;
  }
  EXPECT_NEAR(sum / 1984, 0.1, 0.03);
}

TEST_F(CostModelTest, an_unseen_size_of_a_power_law_is_predicted_within_a_fifth) {
  std::normal_distribution<double> noise{1, 0.05};
  const auto law = [](double bytes) { return 3.0 * std::pow(bytes, 1.5); };
  for (const double bytes : {1e3, 4e3, 1.6e4})
    for (int i = 0; i < 10; ++i)
      observe(law(bytes) * noise(random), static_cast<std::uint64_t>(bytes));
  for (const double bytes : {2e3, 8e3, 6.4e4})
    EXPECT_NEAR(predicted(static_cast<std::uint64_t>(bytes)) / law(bytes), 1, 0.2) << bytes;
  EXPECT_EQ(model.predict({kernel, 2000}, work, device).samples, 0U);
  EXPECT_EQ(model.predict({kernel, 2000}, work, device).kernel_samples, 30U);
}

TEST_F(CostModelTest, sizes_that_follow_the_roofline_are_predicted_by_it_where_a_line_would_err) {
  // Overhead governs the small sizes, bandwidth the large: no power law, but twice the roofline.
  const auto roofline = [](double bytes) { return 10'000 + bytes * 1e9 / 1e11; };
  const auto at = [&](double bytes) {
    return model.predict({kernel, static_cast<std::uint64_t>(bytes)}, {0, bytes}, device).time;
  };
  for (const double bytes : {1e3, 1e6, 1e8})
    model.observe({kernel, static_cast<std::uint64_t>(bytes)}, {0, bytes}, device,
                  Nanos{std::llround(2 * roofline(bytes))});
  for (const double bytes : {1e4, 1e7, 1e9})
    EXPECT_NEAR(static_cast<double>(at(bytes).count()) / roofline(bytes), 2, 0.02) << bytes;
}

TEST_F(CostModelTest, a_cold_model_orders_devices_by_their_rooflines) {
  const Work large{1e9, 1e6}, tiny{10, 10};
  const auto time = [&](const Work& w, DeviceId d) {
    return model.predict({kernel, 1}, w, d).time;
  };
  EXPECT_LT(time(large, device), time(large, slower));
  EXPECT_LT(time(tiny, slower), time(tiny, device));
  EXPECT_EQ(time(large, device), Nanos{1'010'000});
  EXPECT_EQ(model.predict({kernel, 1}, large, device).kernel_samples, 0U);
}

TEST_F(CostModelTest, what_a_kernel_taught_of_a_device_corrects_the_roofline_of_others) {
  const Estimate before = model.predict({other, 64}, work, device);
  observe(5 * static_cast<double>(model.predict({kernel, 64}, work, device).time.count()), 64);
  const Estimate after = model.predict({other, 64}, work, device);
  EXPECT_NEAR(static_cast<double>(after.time.count()) / static_cast<double>(before.time.count()), 5,
              0.01);
  EXPECT_EQ(model.predict({other, 64}, work, slower).time, Nanos{101'000});
}

TEST_F(CostModelTest, an_exact_size_outranks_the_fit) {
  observe(1e6, 1000);
  observe(2e6, 2000);
  observe(77e6, 4000);
  EXPECT_NEAR(predicted(4000), 77e6, 1e4);
  EXPECT_EQ(model.predict({kernel, 4000}, work, device).samples, 1U);
}

TEST_F(CostModelTest, ten_thousand_sizes_keep_their_own_histories) {
  for (std::uint64_t i = 1; i <= 10'000; ++i) observe(1000.0 * static_cast<double>(i), i);
  for (std::uint64_t i = 1; i <= 10'000; ++i)
    ASSERT_NEAR(predicted(i), 1000.0 * static_cast<double>(i), 1.0 + static_cast<double>(i));
}

TEST_F(CostModelTest, unusable_numbers_do_not_spread) {
  const double infinite = std::numeric_limits<double>::infinity();
  model.observe({kernel, 0}, {infinite, -1}, device, Nanos{-5});
  model.observe({kernel, 8}, {std::nan(""), std::nan("")}, device, forever);
  for (const Work& w : {work, Work{infinite, 0}, Work{std::nan(""), 0}, Work{-1, -1}}) {
    const Estimate estimate = model.predict({kernel, 99}, w, device);
    EXPECT_GT(estimate.time, Nanos{0});
    EXPECT_LE(estimate.time, task_time_max);
  }
}

TEST_F(CostModelTest, a_saved_model_predicts_the_same_when_loaded) {
  for (int i = 0; i < 30; ++i) observe(1e6 + 1e4 * i, 1000);
  for (int i = 0; i < 3; ++i) observe(3e6, 3000);
  model.observe({other, 64}, {1e3, 2.5}, slower, Nanos{12'345});

  CostModel loaded;
  const DeviceId cpu = loaded.add_device({"cpu", 1e10, 1e10, Nanos{1'000}});
  const KernelId blur = loaded.add_kernel("blur");
  ASSERT_TRUE(loaded.load(model.save()).ok());
  // Devices and kernels that are added later find what was kept for them.
  const KernelId sobel = loaded.add_kernel("sobel");
  const DeviceId gpu = loaded.add_device({"gpu 0", 1e12, 1e11, Nanos{10'000}});
  const auto same = [&](const CostKey& from, DeviceId on, const CostKey& to, DeviceId there) {
    const Estimate a = model.predict(from, work, on), b = loaded.predict(to, work, there);
    EXPECT_EQ(a.time, b.time);
    EXPECT_EQ(a.deviation, b.deviation);
  };
  for (const std::uint64_t bytes : {1000U, 2000U, 3000U})
    same({kernel, bytes}, device, {blur, bytes}, gpu);
  same({other, 64}, slower, {sobel, 64}, cpu);
  same({other, 65}, slower, {sobel, 65}, cpu);
}

TEST_F(CostModelTest, what_was_learned_of_a_device_goes_for_every_one_like_it) {
  for (int i = 0; i < 9; ++i) observe(2e6);
  CostModel loaded;
  const DeviceId first = loaded.add_device({"gpu 0", 1e12, 1e11, Nanos{10'000}});
  const DeviceId second = loaded.add_device({"gpu 0", 1e12, 1e11, Nanos{10'000}});
  const KernelId blur = loaded.add_kernel("blur");
  ASSERT_TRUE(loaded.load(model.save()).ok());
  const Estimate known = model.predict({kernel, 1000}, work, device);
  for (const DeviceId each : {first, second}) {
    EXPECT_EQ(loaded.predict({blur, 1000}, work, each).time, known.time);
    EXPECT_EQ(loaded.predict({blur, 1000}, work, each).samples, known.samples);
  }
}

TEST_F(CostModelTest, what_was_loaded_for_absent_devices_is_saved_again) {
  observe(1e6);
  CostModel without;
  ASSERT_TRUE(without.load(model.save()).ok());
  EXPECT_EQ(without.save(), model.save());
}

TEST_F(CostModelTest, loading_leaves_observed_sizes_alone) {
  observe(1e6);
  const std::string saved = model.save();
  for (int i = 0; i < 20; ++i) observe(9e6);
  const std::string before = model.save();
  ASSERT_TRUE(model.load(saved).ok());
  EXPECT_EQ(model.save(), before);
}

TEST_F(CostModelTest, a_text_with_a_wrong_line_teaches_nothing) {
  observe(1e6);
  const std::string saved = model.save();
  CostModel loaded;
  const DeviceId gpu = loaded.add_device({"gpu 0"});
  const KernelId blur = loaded.add_kernel("blur");
  EXPECT_EQ(loaded.load(saved + "gpu%200 blur 64 nonsense\n").to_string(),
            "invalid_argument: cost model: line 3: no count of flops");
  EXPECT_EQ(loaded.predict({blur, 4096}, work, gpu).kernel_samples, 0U);
}

}  // namespace
}  // namespace troika
