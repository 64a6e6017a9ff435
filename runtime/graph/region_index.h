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
    else if (sorted_) file(at);
  }

  // Calls `keep(entry)` once for each region that may share a byte with this one, and for some that
  // do not; drops those of which it says false. It may change the value.
  template <class Keep>
  void filter(const Region& region, Keep&& keep) {
    if (region.empty()) return;
    lookup_ += 1;
    if (!sorted_) {
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
  // A list is the number of its first link.
  static constexpr std::uint32_t none = ~0U;
  struct Link {
    std::uint32_t slot, next;
  };

  static constexpr std::size_t unsorted_max = 16;
  static constexpr std::size_t buckets_an_entry = 4;  // of one that lies in more, none knows

  std::pair<std::size_t, std::size_t> buckets_of(const Region& region) const noexcept {
    return {region.offset >> width_log2_, (region.end() - 1) >> width_log2_};
  }

  template <class Keep>
  void visit(std::uint32_t at, Keep& keep) {
    Slot& slot = slots_[at];
    if (!slot.alive || std::exchange(slot.seen, lookup_) == lookup_) return;
    if (keep(slot.entry)) return;
    slot.alive = false;
    if (slot.filed == 0) free_.push_back(at);
  }

  // What was dropped leaves a list when that is looked at, and is free when it has left the last.
  template <class Keep>
  void filter(std::uint32_t& list, Keep& keep) {
    for (std::uint32_t* at = &list; *at != none;) {
      Link& link = links_[*at];
      visit(link.slot, keep);
      Slot& slot = slots_[link.slot];
      if (slot.alive) {
        at = &link.next;
        continue;
      }
      if (--slot.filed == 0) free_.push_back(link.slot);
      *at = std::exchange(link.next, std::exchange(free_link_, *at));
    }
  }

  void enlist(std::uint32_t& list, std::uint32_t slot) {
    std::uint32_t at = free_link_;
    if (at == none) {
      at = static_cast<std::uint32_t>(links_.size());
      links_.push_back({slot, list});
    } else {
      free_link_ = links_[at].next;
      links_[at] = {slot, list};
    }
    list = at;
    slots_[slot].filed += 1;
  }

  void file(std::uint32_t at) {
    const Slot& slot = slots_[at];
    if (!slot.alive || slot.entry.region.empty()) return;
    const auto [first, last] = buckets_of(slot.entry.region);
    if (last - first >= buckets_an_entry) {
      enlist(wide_, at);
      return;
    }
    if (last >= buckets_.size()) buckets_.resize(last + 1, none);
    for (std::size_t bucket = first; bucket <= last; ++bucket) enlist(buckets_[bucket], at);
  }

  // At every doubling: as many buckets as entries, or fewer and as wide as the entries are long,
  // rounded up to a power of two.
  void sort() {
    if (slots_.size() <= unsorted_max) return;
    std::size_t end = 0, lengths = 0;
    for (const Slot& slot : slots_) {
      end = std::max(end, slot.entry.region.end());
      lengths += slot.entry.region.end() - slot.entry.region.offset;
    }
    sorted_ = true;
    sorted_for_ = 2 * slots_.size();
    const std::size_t width =
        std::max<std::size_t>({1, lengths / slots_.size(), end / sorted_for_});
    width_log2_ = static_cast<unsigned>(std::bit_width(width - 1));
    buckets_.clear();
    links_.clear();
    wide_ = free_link_ = none;
    free_.clear();
    for (std::uint32_t at = 0; at < slots_.size(); ++at) {
      slots_[at].filed = 0;
      if (slots_[at].alive) file(at);
      else free_.push_back(at);
    }
  }

  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_;  // slots of dropped entries that no list names
  std::size_t sorted_for_ = unsorted_max;
  bool sorted_ = false;
  unsigned width_log2_ = 0;             // of a bucket, in bytes
  std::vector<std::uint32_t> buckets_;  // lists
  std::uint32_t wide_ = none;           // a list
  std::vector<Link> links_;
  std::uint32_t free_link_ = none;  // a list of those in no list
  std::uint64_t lookup_ = 0;
};

}  // namespace troika
