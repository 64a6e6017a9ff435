// What the time of each device is worth to graphs that come one after another.
#pragma once

#include <span>
#include <vector>

#include "runtime/sched/prices.h"

namespace troika {

// One step of dual ascent an arrival: a device that gets more than its share of what has come
// lately grows dearer. Where all graphs are of one kind, these become their prices.
class MixPrices {
 public:
  // A graph of such tasks has come, whose own prices are `alone`. `lanes`: by device.
  void arrive(std::span<const AlikeTasks> work, std::span<const double> alone,
              std::span<const unsigned> lanes);
  // Of a nanosecond of one lane; empty as long as nothing has come.
  const std::vector<double>& by_device() const noexcept { return by_device_; }

 private:
  std::vector<double> by_device_;
  std::vector<double> load_;  // of an arrival on the average, as time of all lanes of each device
};

}  // namespace troika
