#include "runtime/sched/cost_model.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <utility>
#include <vector>

#include "runtime/sched/cost_text.h"
#include "runtime/sched/history_table.h"
#include "runtime/sched/kernel_fit.h"

namespace troika {
namespace {

// A size counts fully in its kernel's fit from this many samples on.
constexpr double samples_for_full_weight = 4;
constexpr double weight_of_provisional = 0.02;
// Devices of one key are of one kind: so far apart, what they take for the same counts as noise.
constexpr double alike_within = 0.25;
// Of a prediction for a size that was never measured: from other sizes, and from the roofline.
constexpr double deviation_of_fit = 0.3, deviation_of_roofline = 1.0;
constexpr double time_max = static_cast<double>(task_time_max.count());

Nanos to_nanos(double nanos) noexcept {
  return Nanos{static_cast<Nanos::rep>(std::clamp(nanos, 1.0, time_max))};
}

double log_bytes(const CostKey& key) noexcept {
  return std::log(std::max(1.0, static_cast<double>(key.bytes)));
}

}  // namespace

struct CostModel::State {
  struct Device {
    DeviceRates rates;
    // Over the kernels measured here, of the logarithm of time over roofline.
    double correction_sum = 0;
    std::size_t kernels_measured = 0;
    std::uint64_t observations = 0;
    std::vector<std::uint32_t> like;  // devices of the same key, itself included

    double correction() const noexcept {
      return kernels_measured == 0 ? 0 : correction_sum / static_cast<double>(kernels_measured);
    }
    double log_roofline(const Work& work) const noexcept {
      const double seconds =
          std::max(work.flops / rates.flops_per_second, work.bytes / rates.bytes_per_second);
      const double nanos = seconds * 1e9 + static_cast<double>(rates.overhead.count());
      // What is not a number counts as nothing.
      return std::log(nanos > 1 ? std::min(nanos, time_max) : 1.0);
    }
  };
  struct Pair {  // a kernel on a device
    KernelFit fit;
    unsigned samples = 0, lasting = 0;
    std::uint64_t observations = 0;
  };
  struct Kernel {
    std::string name;
    std::vector<Pair> on;  // by device
  };

  std::vector<Device> devices;
  std::vector<Kernel> kernels;
  HistoryTable histories;
  std::vector<CostRecord> unmatched;  // loaded for devices or kernels that are not there (yet)

  // The middle one of what devices of its kind take, unless it is clearly another.
  double agreed(double mean, const CostKey& key, DeviceId device) const {
    std::array<double, 64> means;
    std::size_t known = 0;
    for (const std::uint32_t d : devices[device.value].like)
      if (const auto* entry = histories.find(key, DeviceId{d});
          entry != nullptr && !entry->history.provisional() && known < means.size())
        means[known++] = entry->history.mean();
    if (known < 2) return mean;
    const auto middle = means.begin() + static_cast<std::ptrdiff_t>((known - 1) / 2);
    std::nth_element(means.begin(), middle, means.begin() + static_cast<std::ptrdiff_t>(known));
    return std::abs(mean / *middle - 1) <= alike_within ? *middle : mean;
  }

  // Takes over what was loaded for devices and kernels that are there by now: every device of that
  // key that has no history of its own learns it.
  void adopt(CostModel& model) {
    std::vector<CostRecord> records = std::exchange(unmatched, {});
    for (CostRecord& record : records) {
      const auto is_its = [&](const Device& device) { return device.rates.key == record.device; };
      const auto kernel = std::find_if(kernels.begin(), kernels.end(),
                                       [&](const Kernel& k) { return k.name == record.kernel; });
      if (std::ranges::none_of(devices, is_its) || kernel == kernels.end()) {
        if (unmatched.size() < HistoryTable::histories_max) unmatched.push_back(std::move(record));
        continue;
      }
      const CostKey key{KernelId{static_cast<std::uint32_t>(kernel - kernels.begin())},
                        record.bytes};
      for (std::uint32_t d = 0; d < devices.size(); ++d) {
        const DeviceId device{d};
        if (!is_its(devices[d]) || histories.find(key, device) != nullptr) continue;
        for (const double time : record.times)
          model.observe(key, {record.work_flops, record.work_bytes}, device, to_nanos(time));
      }
    }
  }
};

CostModel::CostModel() : state_{std::make_unique<State>()} {}
CostModel::~CostModel() = default;

DeviceId CostModel::add_device(DeviceRates rates) {
  State& state = *state_;
  const auto added = static_cast<std::uint32_t>(state.devices.size());
  std::vector<std::uint32_t> like{added};
  for (std::uint32_t d = 0; d < added; ++d) {
    if (state.devices[d].rates.key != rates.key) continue;
    like.push_back(d);
    state.devices[d].like.push_back(added);
  }
  state.devices.push_back({std::move(rates), 0, 0, 0, std::move(like)});
  for (State::Kernel& kernel : state.kernels) kernel.on.emplace_back();
  state.adopt(*this);
  return DeviceId{added};
}

KernelId CostModel::add_kernel(std::string name) {
  State& state = *state_;
  state.kernels.push_back({std::move(name), std::vector<State::Pair>(state.devices.size())});
  state.adopt(*this);
  return KernelId{static_cast<std::uint32_t>(state.kernels.size() - 1)};
}

std::size_t CostModel::devices() const noexcept { return state_->devices.size(); }

// A kernel that was never measured there goes by the others.
std::uint64_t CostModel::revision(KernelId kernel, DeviceId device) const noexcept {
  const std::vector<State::Pair>& on = state_->kernels[kernel.value].on;
  if (on[device.value].observations != 0) {
    std::uint64_t observations = 0;
    for (const std::uint32_t d : state_->devices[device.value].like)
      observations += on[d].observations;
    return 2 * observations;
  }
  return 2 * state_->devices[device.value].observations + 1;
}

Estimate CostModel::predict(const CostKey& key, const Work& work, DeviceId device) const {
  const State& state = *state_;
  assert(key.kernel.value < state.kernels.size() && device.value < state.devices.size());
  const State::Pair& pair = state.kernels[key.kernel.value].on[device.value];
  const auto* entry = state.histories.find(key, device);
  // Other sizes tell more than a provisional sample of this one.
  if (entry != nullptr && (pair.lasting == 0 || !entry->history.provisional()))
    return {to_nanos(state.agreed(entry->history.mean(), key, device)), entry->history.samples(),
            pair.samples, pair.lasting, entry->history.deviation()};

  const State::Device& rates = state.devices[device.value];
  const double roofline = rates.log_roofline(work);
  if (pair.fit.sizes() == 0)
    return {to_nanos(std::exp(roofline + rates.correction())), 0, 0, 0, deviation_of_roofline};
  return {to_nanos(std::exp(pair.fit.predict(log_bytes(key), roofline))), 0, pair.samples,
          pair.lasting, deviation_of_fit};
}

void CostModel::observe(const CostKey& key, const Work& work, DeviceId device, Nanos took,
                        bool provisional) {
  State& state = *state_;
  assert(key.kernel.value < state.kernels.size() && device.value < state.devices.size());
  State::Pair& pair = state.kernels[key.kernel.value].on[device.value];
  HistoryTable::Entry* entry = state.histories.find_or_add(key, device);
  if (entry == nullptr) return;
  entry->history.add(static_cast<double>(std::clamp(took, Nanos{1}, task_time_max).count()),
                     provisional);
  entry->work_flops = work.flops;
  entry->work_bytes = work.bytes;

  State::Device& on = state.devices[device.value];
  const KernelFit::Point point{log_bytes(key), std::log(entry->history.mean()),
                               on.log_roofline(work),
                               std::min(1.0, entry->history.samples() / samples_for_full_weight) *
                                   (entry->history.provisional() ? weight_of_provisional : 1.0)};
  if (pair.fit.sizes() == 0) on.kernels_measured += 1;
  else on.correction_sum -= pair.fit.correction();
  pair.fit.replace(std::exchange(entry->point, point), point);
  on.correction_sum += pair.fit.correction();
  on.observations += 1;
  pair.observations += 1;
  if (pair.samples != ~0U) pair.samples += 1;
  if (!provisional && pair.lasting != ~0U) pair.lasting += 1;
}

std::string CostModel::save() const {
  std::vector<CostRecord> records;
  for (const auto& entry : state_->histories.entries())
    if (!entry.history.provisional())
      records.push_back({state_->devices[entry.device.value].rates.key,
                         state_->kernels[entry.key.kernel.value].name, entry.key.bytes,
                         entry.work_flops, entry.work_bytes, entry.history.recent()});
  records.insert(records.end(), state_->unmatched.begin(), state_->unmatched.end());
  return write_costs(records);
}

Status CostModel::load(std::string_view text) {
  TROIKA_ASSIGN(std::vector<CostRecord> records, read_costs(text));
  std::move(records.begin(), records.end(), std::back_inserter(state_->unmatched));
  state_->adopt(*this);
  return {};
}

}  // namespace troika
