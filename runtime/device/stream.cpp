#include "runtime/device/stream.h"

#include <algorithm>

namespace troika {

void ArgList::assign(std::span<const KernelArg> args) {
  size_ = args.size();
  if (size_ <= inline_args) std::copy(args.begin(), args.end(), inline_.begin());
  else spilled_.assign(args.begin(), args.end());
}

std::span<const KernelArg> ArgList::view() const noexcept {
  if (size_ <= inline_args) return std::span{inline_}.first(size_);
  return spilled_;
}

void StreamProgress::clear() noexcept {
  failed.clear();
  measured.clear();
  lost = {};
}

Nanos Stream::look_again() const noexcept { return forever; }

bool Stream::ready_for(const StreamOperation&) { return true; }

bool Stream::hold_behind(const Stream&, std::uint64_t) { return false; }

}  // namespace troika
