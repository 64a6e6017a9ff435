#include "runtime/graph/kernel_registry.h"

#include <algorithm>

namespace troika {
namespace {

bool same_params(const std::vector<Param>& a, const std::vector<Param>& b) noexcept {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Param& x, const Param& y) {
    return x.is_buffer == y.is_buffer && x.type == y.type && x.access == y.access;
  });
}

}  // namespace

Status KernelRegistry::define(Operation operation) {
  const std::scoped_lock lock{mutex_};
  const auto found = std::find_if(operations_.begin(), operations_.end(),
                                  [&](const Operation& o) { return o.name == operation.name; });
  if (found == operations_.end()) {
    operations_.push_back(std::move(operation));
    return {};
  }
  if (!same_params(found->params, operation.params))
    return {Code::invalid_argument,
            "kernel '" + operation.name + "' is already defined with other parameters"};
  for (KernelImage& image : operation.images) {
    if (found->image(image.dialect) != nullptr)
      return {Code::invalid_argument, "kernel '" + operation.name +
                                          "' already has an implementation in " +
                                          std::string{name_of(image.dialect)}};
    found->images.push_back(std::move(image));
  }
  return {};
}

const Operation* KernelRegistry::find(std::string_view name) const {
  const std::scoped_lock lock{mutex_};
  const auto found = std::find_if(operations_.begin(), operations_.end(),
                                  [name](const Operation& o) { return o.name == name; });
  return found == operations_.end() ? nullptr : &*found;
}

}  // namespace troika
