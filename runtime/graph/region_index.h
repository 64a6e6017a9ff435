// Regions of one buffer, found by where they lie.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <utility>
#include <vector>

#include "runtime/graph/region.h"

namespace troika {

// A few are looked through one by one. More are sorted into buckets of bytes about as wide as a
// region is long, so that a look-up meets its neighbours only, however many regions there are.
template <class Value>
class RegionIndex {
 public:
  struct Entry {
    Region region;
    Value value;
  };

  void insert(const Region& region, Value value) {
    std::uint32_t at = 0;
    if (free_.empty()) {
      at = static_cast<std::uint32_t>(slots_.size());
      slots_.push_back({{region, std::move(value)}});
    } else {
      at = free_.back();
      free_.pop_back();
      slots_[at] = {{region, std::move(value)}};
    }
    if (slots_.size() > sorted_for_) sort();
    else if (width_ != 0) file(at);
  }

  // Calls `keep(entry)` once for each region that may share a byte with this one, and for some that
  // do not; drops those of which it says false.
  template <class Keep>
  void filter(const Region& region, Keep&& keep) {
    if (region.empty()) return;
    lookup_ += 1;
    if (width_ == 0) {
      for (std::uint32_t at = 0; at < slots_.size(); ++at) visit(at, keep);
      return;
    }
    filter(wide_, keep);
    const auto [first, last] = buckets_of(region);
    for (std::size_t bucket = first; bucket <= last && bucket < buckets_.size(); ++bucket)
      filter(buckets_[bucket], keep);
  }

 private:
  struct Slot {
    Entry entry;
    std::uint64_t seen = 0;   // the look-up that met it last
    std::uint32_t filed = 0;  // lists that name it
    bool alive = true;
  };
  using List = std::vector<std::uint32_t>;

  static constexpr std::size_t unsorted_max = 16;
  static constexpr std::size_t buckets_an_entry = 4;  // of one that lies in more, none knows

  std::pair<std::size_t, std::size_t> buckets_of(const Region& region) const noexcept {
    return {region.offset / width_, (region.end() - 1) / width_};
  }

  template <class Keep>
  void visit(std::uint32_t at, Keep& keep) {
    Slot& slot = slots_[at];
    if (!slot.alive || std::exchange(slot.seen, lookup_) == lookup_) return;
    if (keep(std::as_const(slot.entry))) return;
    slot.alive = false;
    if (slot.filed == 0) free_.push_back(at);
  }

  // What was dropped leaves a list when that is looked at, and is free when it has left the last.
  template <class Keep>
  void filter(List& list, Keep& keep) {
    std::size_t kept = 0;
    for (const std::uint32_t at : list) {
      visit(at, keep);
      Slot& slot = slots_[at];
      if (slot.alive) list[kept++] = at;
      else if (--slot.filed == 0) free_.push_back(at);
    }
    list.resize(kept);
  }

  void file(std::uint32_t at) {
    Slot& slot = slots_[at];
    if (!slot.alive || slot.entry.region.empty()) return;
    const auto [first, last] = buckets_of(slot.entry.region);
    if (last - first >= buckets_an_entry) {
      wide_.push_back(at);
      slot.filed += 1;
      return;
    }
    if (last >= buckets_.size()) buckets_.resize(last + 1);
    for (std::size_t bucket = first; bucket <= last; ++bucket) {
      buckets_[bucket].push_back(at);
      slot.filed += 1;
    }
  }

  // At every doubling: as many buckets as entries, or fewer and as wide as the entries are long.
  void sort() {
    if (slots_.size() <= unsorted_max) return;
    std::size_t end = 0, lengths = 0;
    for (const Slot& slot : slots_) {
      end = std::max(end, slot.entry.region.end());
      lengths += slot.entry.region.end() - slot.entry.region.offset;
    }
    sorted_for_ = 2 * slots_.size();
    width_ = std::max<std::size_t>({1, lengths / slots_.size(), end / sorted_for_});
    buckets_.clear();
    wide_.clear();
    free_.clear();
    for (std::uint32_t at = 0; at < slots_.size(); ++at) {
      slots_[at].filed = 0;
      if (slots_[at].alive) file(at);
      else free_.push_back(at);
    }
  }

  std::vector<Slot> slots_;
  List free_;              // slots of dropped entries that no list names
  std::size_t width_ = 0;  // of a bucket, in bytes; 0: nothing is sorted yet
  std::size_t sorted_for_ = unsorted_max;
  std::vector<List> buckets_;
  List wide_;
  std::uint64_t lookup_ = 0;
};

}  // namespace troika
