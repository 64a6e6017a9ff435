#include "runtime/sched/cost_memo.h"

namespace troika {

std::uint32_t CostMemo::row_of(const CostKey& key, const Work& work) {
  const auto [entry, added] =
      numbers_.try_emplace(std::tuple{key.kernel.value, key.bytes, work.flops, work.bytes},
                           static_cast<std::uint32_t>(rows_.size()));
  if (!added) return entry->second;
  devices_ = model_.devices();
  rows_.push_back({key, work});
  cells_.resize(rows_.size() * devices_);
  return entry->second;
}

}  // namespace troika
