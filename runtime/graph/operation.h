// An operation: what a kernel computes, with one implementation a dialect.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "runtime/device/kernel.h"
#include "runtime/graph/region.h"

namespace troika {

// An argument of a task, before any device is chosen.
struct Arg {
  bool is_buffer = false;
  Access access = Access::read;
  std::uint32_t slot = 0;  // which of the graph's buffers
  Region region;           // the view, in bytes
  Scalar scalar;
};

// What one call costs: seeds the cost model until something was measured.
struct Work {
  double flops = 0;
  double bytes = 0;  // moved to and from memory

  friend bool operator==(const Work&, const Work&) = default;
};

// How far two implementations of an operation may differ.
struct Exactness {
  bool bitwise = true;
  unsigned ulps = 0;  // when not bitwise: bound on each float of the output
};

struct Operation {
  std::string name;
  std::vector<Param> params;
  std::vector<KernelImage> images;  // at most one a dialect
  // Default: one item for each element of the first written view (or of the first view at all).
  LaunchShape (*shape)(std::span<const Arg> args) = nullptr;
  // Default: one flop an element and the bytes of all views.
  Work (*work)(std::span<const Arg> args) = nullptr;
  Exactness exactness;
  std::optional<bool> idempotent;  // default: device kernels are, host functions are not

  const KernelImage* image(Dialect dialect) const noexcept;
  LaunchShape shape_of(std::span<const Arg> args) const;
  Work work_of(std::span<const Arg> args) const;
  // Whether a call that ran in this dialect may be run again on intact inputs.
  bool rerunnable(Dialect dialect) const noexcept;
};

}  // namespace troika
