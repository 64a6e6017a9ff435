#include "serving/onnx/adoptions.h"

namespace troika::onnx {

Adoptions::Use Adoptions::adopt(std::span<std::byte> memory) {
  const std::lock_guard lock{mutex_};
  const Span span{memory.data(), memory.size()};
  auto at = entries_.find(span);
  if (at == entries_.end()) at = entries_.emplace(span, Entry{runtime_.adopt(memory)}).first;
  at->second.uses += 1;
  return {*this, at};
}

Adoptions::Use::~Use() {
  if (of_ == nullptr) return;
  const std::lock_guard lock{of_->mutex_};
  if (--at_->second.uses == 0) of_->entries_.erase(at_);
}

}  // namespace troika::onnx
