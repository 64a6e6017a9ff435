// Kernels that models are made of, before they are registered with a runtime.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "runtime/graph/kernel_registry.h"
#include "serving/onnx/array.h"

namespace troika::onnx {

// One call on the host. Pointers are at the first byte of each region; params are what call_of()
// made; `state` is what prepare() made of them, or null.
struct HostArgs {
  std::array<const std::byte*, 4> in{};
  std::byte* out = nullptr;
  const std::int64_t* params = nullptr;
  const void* state = nullptr;
};

struct KernelSpec {
  std::string name;  // "onnx.conv.f32"
  std::vector<Type> inputs;
  Type output = Type::f32;
  void (*host)(const HostArgs& args) = nullptr;
};

// Throws Code::internal for a name that nobody gave.
const KernelSpec& kernel(std::string_view name);
const std::map<std::string, KernelSpec, std::less<>>& all_kernels();

// Adds them all to a runtime's, once. Their signature: inputs, params (i64), output, then three
// scalars: items of the launch (u64), state (u64, the address of what the host prepared), flops
// (f64).
Status define_kernels(KernelRegistry& registry);

// What kernels over a grid of elements are told first: rank, dimensions, then for the output and
// each input its offset from the start of its region and its strides. Neighbouring dimensions that
// follow one another in all of them become one, the output's largest stride comes first. All arrays
// have the dimensions of the first.
std::vector<std::int64_t> grid_of(std::span<const Array* const> arrays);
// The same without joining or reordering dimensions.
std::vector<std::int64_t> plain_grid_of(std::span<const Array* const> arrays);

inline constexpr std::size_t rank_max = 8;

// The host's side of it.
struct Grid {
  explicit Grid(const std::int64_t* params) noexcept : rank{params[0]}, dims{params + 1} {}

  std::int64_t rank;
  const std::int64_t* dims;

  std::int64_t size() const noexcept {
    std::int64_t count = 1;
    for (std::int64_t d = 0; d < rank; ++d) count *= dims[d];
    return count;
  }
  const std::int64_t* operand(std::int64_t k) const noexcept {
    return dims + rank + k * (rank + 1);  // offset, then strides
  }
  const std::int64_t* behind(std::int64_t operands) const noexcept { return operand(operands); }
};

}  // namespace troika::onnx
