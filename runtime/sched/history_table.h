// Histories by kernel, size and device: a flat hash table that finds without allocating.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "runtime/base/ids.h"
#include "runtime/sched/history.h"
#include "runtime/sched/kernel_fit.h"
#include "runtime/sched/ready_set.h"

namespace troika {

class HistoryTable {
 public:
  // At this many sizes no new one is kept: it is predicted from the others.
  static constexpr std::size_t histories_max = 65'536;

  struct Entry {
    CostKey key;
    DeviceId device;
    History history;
    KernelFit::Point point;  // what it contributes to its kernel's fit
    double work_flops = 0, work_bytes = 0;
  };

  HistoryTable() : slots_(64, empty) {}

  // Null when there is none.
  const Entry* find(const CostKey& key, DeviceId device) const noexcept {
    const std::uint32_t index = slots_[slot_of(key, device)];
    return index == empty ? nullptr : &entries_[index];
  }
  // The entry, made if need be; null at histories_max. Valid until the next call.
  Entry* find_or_add(const CostKey& key, DeviceId device) {
    std::size_t slot = slot_of(key, device);
    if (slots_[slot] != empty) return &entries_[slots_[slot]];
    if (entries_.size() == histories_max) return nullptr;
    if (2 * (entries_.size() + 1) > slots_.size()) {
      grow();
      slot = slot_of(key, device);
    }
    slots_[slot] = static_cast<std::uint32_t>(entries_.size());
    return &entries_.emplace_back(Entry{key, device, {}, {}, 0, 0});
  }
  // In the order in which they were added.
  const std::vector<Entry>& entries() const noexcept { return entries_; }

 private:
  static constexpr std::uint32_t empty = ~0U;

  // Where the entry is, or would go. At least half of the slots are empty.
  std::size_t slot_of(const CostKey& key, DeviceId device) const noexcept {
    std::uint64_t hash =
        key.bytes ^ (std::uint64_t{key.kernel.value} << 32 | std::uint64_t{device.value});
    hash *= 0x9e3779b97f4a7c15U;
    hash ^= hash >> 29;
    hash *= 0xbf58476d1ce4e5b9U;
    hash ^= hash >> 32;
    const std::size_t mask = slots_.size() - 1;
    std::size_t slot = hash & mask;
    while (slots_[slot] != empty) {
      const Entry& entry = entries_[slots_[slot]];
      if (entry.key == key && entry.device == device) break;
      slot = (slot + 1) & mask;
    }
    return slot;
  }
  void grow() {
    slots_.assign(2 * slots_.size(), empty);
    for (std::uint32_t i = 0; i < entries_.size(); ++i)
      slots_[slot_of(entries_[i].key, entries_[i].device)] = i;
  }

  std::vector<std::uint32_t> slots_;  // a power of two of indices into entries_
  std::vector<Entry> entries_;
};

}  // namespace troika
