#include "runtime/sched/link_model.h"

#include <algorithm>
#include <bit>

namespace troika {
namespace {

unsigned magnitude(std::size_t bytes) noexcept {
  return static_cast<unsigned>(std::bit_width(bytes));
}

}  // namespace

void LinkModel::add(SpaceId from, SpaceId to, double bytes_per_second, Nanos latency) {
  if (find(from, to) == nullptr) ways_.push_back({from, to, bytes_per_second, latency, {}, {}});
}

const LinkModel::Way* LinkModel::find(SpaceId from, SpaceId to) const noexcept {
  const auto found =
      std::ranges::find_if(ways_, [&](const Way& way) { return way.from == from && way.to == to; });
  return found == ways_.end() ? nullptr : &*found;
}

const LinkModel::Size* LinkModel::nearest(const Sizes& sizes, std::size_t bytes) noexcept {
  if (sizes.empty()) return nullptr;
  const unsigned wanted = magnitude(bytes);
  const auto above = sizes.lower_bound(wanted);
  if (above == sizes.begin()) return &above->second;
  const auto below = std::prev(above);
  if (above == sizes.end() || wanted - below->first < above->first - wanted) return &below->second;
  return &above->second;
}

Nanos LinkModel::predict(SpaceId from, SpaceId to, std::size_t bytes, HostPagesAre pages) const {
  const Way* const way = find(from, to);
  if (way == nullptr) return Nanos{0};
  const auto wanted = static_cast<double>(bytes);
  double nanos = way->told(wanted);
  const auto other = pages == HostPagesAre::pinned ? HostPagesAre::pageable : HostPagesAre::pinned;
  const Size* seen = nearest(way->of(pages), bytes);
  if (seen == nullptr) seen = nearest(way->of(other), bytes);
  if (seen != nullptr) nanos *= seen->nanos.mean() / way->told(seen->bytes);
  return Nanos{static_cast<Nanos::rep>(nanos)};
}

unsigned LinkModel::samples(SpaceId from, SpaceId to, HostPagesAre pages) const noexcept {
  unsigned samples = 0;
  if (const Way* const way = find(from, to))
    for (const auto& [size, seen] : way->of(pages)) samples += seen.nanos.samples();
  return samples;
}

void LinkModel::observe(SpaceId from, SpaceId to, std::size_t bytes, HostPagesAre pages,
                        Nanos took) {
  auto* const way = const_cast<Way*>(find(from, to));
  if (way == nullptr || bytes == 0) return;
  Sizes& sizes = pages == HostPagesAre::pinned ? way->pinned : way->pageable;
  Size& size = sizes[magnitude(bytes)];
  size.bytes = static_cast<double>(bytes);
  size.nanos.add(static_cast<double>(std::max(took, Nanos{1}).count()));
}

}  // namespace troika
