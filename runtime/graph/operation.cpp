#include "runtime/graph/operation.h"

#include <algorithm>

namespace troika {
namespace {

const Arg* widest_output(std::span<const Arg> args) noexcept {
  const Arg* first = nullptr;
  for (const Arg& arg : args) {
    if (!arg.is_buffer) continue;
    if (writes(arg.access)) return &arg;
    if (first == nullptr) first = &arg;
  }
  return first;
}

}  // namespace

const KernelImage* Operation::image(Dialect dialect) const noexcept {
  const auto found =
      std::find_if(images.begin(), images.end(),
                   [dialect](const KernelImage& image) { return image.dialect == dialect; });
  return found == images.end() ? nullptr : &*found;
}

LaunchShape Operation::shape_of(std::span<const Arg> args) const {
  if (shape != nullptr) return shape(args);
  LaunchShape result;
  if (const Arg* output = widest_output(args)) {
    const auto index = static_cast<std::size_t>(output - args.data());
    result.global[0] = output->region.row_bytes / size_of(params[index].type);
    result.global[1] = output->region.rows;
  }
  return result;
}

Work Operation::work_of(std::span<const Arg> args) const {
  if (work != nullptr) return work(args);
  Work result;
  for (std::size_t i = 0; i < args.size(); ++i) {
    if (!args[i].is_buffer) continue;
    result.bytes += static_cast<double>(args[i].region.size());
  }
  if (const Arg* output = widest_output(args)) {
    const auto index = static_cast<std::size_t>(output - args.data());
    const std::size_t elements = output->region.size() / size_of(params[index].type);
    result.flops = static_cast<double>(elements);
  }
  return result;
}

bool Operation::rerunnable(Dialect dialect) const noexcept {
  return idempotent.value_or(dialect != Dialect::host);
}

}  // namespace troika
