#include "serving/onnx/array.h"

#include <algorithm>
#include <numeric>

namespace troika::onnx {
namespace {

struct Extent {
  std::int64_t count, stride;
};

// Dimensions of more than one element, the largest stride first, neighbours that follow one another
// as one.
std::vector<Extent> extents_of(const Array& array) {
  std::vector<Extent> extents;
  for (const std::size_t d : order_of(array)) {
    const Extent next{array.dims[d], array.strides[d]};
    if (next.count == 1) continue;
    if (!extents.empty() && extents.back().stride == next.stride * next.count)
      extents.back() = {extents.back().count * next.count, next.stride};
    else extents.push_back(next);
  }
  return extents;
}

}  // namespace

std::vector<std::size_t> order_of(const Array& array) {
  std::vector<std::size_t> order(array.rank());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return std::abs(array.strides[a]) > std::abs(array.strides[b]);
  });
  return order;
}

bool is_row_major(const Array& array) noexcept {
  std::int64_t stride = 1;
  for (std::size_t d = array.rank(); d-- > 0;) {
    if (array.dims[d] != 1 && array.strides[d] != stride) return false;
    stride *= array.dims[d];
  }
  return true;
}

bool is_dense(const Array& array) noexcept {
  const auto extents = extents_of(array);
  return extents.empty() || (extents.size() == 1 && extents.front().stride == 1);
}

Dims strides_in_order(const Dims& dims, std::span<const std::size_t> order) {
  Dims strides(dims.size());
  std::int64_t stride = 1;
  for (std::size_t i = order.size(); i-- > 0;) {
    strides[order[i]] = stride;
    stride *= dims[order[i]];
  }
  return strides;
}

Array transposed(const Array& array, std::span<const std::size_t> order) {
  Array result = array;
  for (std::size_t d = 0; d < order.size(); ++d) {
    result.dims[d] = array.dims[order[d]];
    result.strides[d] = array.strides[order[d]];
  }
  return result;
}

Array sliced(Array array, std::size_t axis, std::int64_t first, std::int64_t count,
             std::int64_t step) {
  array.offset += first * array.strides[axis];
  array.strides[axis] *= step;
  array.dims[axis] = count;
  return array;
}

Array broadcast(const Array& array, const Dims& dims) {
  Array result = array;
  result.dims = dims;
  result.strides.assign(dims.size(), 0);
  const std::size_t more = dims.size() - array.rank();
  for (std::size_t d = 0; d < array.rank(); ++d)
    if (array.dims[d] == dims[more + d]) result.strides[more + d] = array.strides[d];
  return result;
}

std::optional<Array> reshaped(const Array& array, const Dims& dims) {
  Array result = array;
  result.dims = dims;
  if (array.empty() || is_row_major(array)) {
    result.strides = row_major_strides(dims);
    return result;
  }
  // Groups of old and new dimensions with equal products; within a group the old ones must follow
  // one another.
  std::vector<Extent> old;
  for (std::size_t d = 0; d < array.rank(); ++d)
    if (array.dims[d] != 1) old.push_back({array.dims[d], array.strides[d]});
  result.strides.assign(dims.size(), 1);
  std::size_t from = 0, to = 0;
  while (from < old.size()) {
    std::size_t from_end = from + 1, to_end = to;
    std::int64_t have = old[from].count, want = 1;
    while (want != have || want == 1) {
      if (want < have) {
        want *= dims[to_end++];
      } else {
        if (old[from_end - 1].stride != old[from_end].count * old[from_end].stride)
          return std::nullopt;
        have *= old[from_end++].count;
      }
    }
    std::int64_t stride = old[from_end - 1].stride;
    for (std::size_t d = to_end; d-- > to;) {
      result.strides[d] = stride;
      stride *= dims[d];
    }
    from = from_end;
    to = to_end;
  }
  return result;
}

Region region_of(const Array& array) {
  const auto bytes = static_cast<std::int64_t>(size_of(array.type));
  const auto extents = extents_of(array);
  const auto in_bytes = [&](std::int64_t elements) {
    return static_cast<std::size_t>(elements * bytes);
  };
  if (extents.empty()) return Region::bytes(in_bytes(array.offset), in_bytes(1));
  if (extents.size() == 1 && extents[0].stride == 1)
    return Region::bytes(in_bytes(array.offset), in_bytes(extents[0].count));
  if (extents.size() == 2 && extents[1].stride == 1 && extents[0].stride >= extents[1].count)
    return Region::rectangle(in_bytes(array.offset), in_bytes(extents[1].count),
                             static_cast<std::size_t>(extents[0].count),
                             in_bytes(extents[0].stride));
  std::int64_t first = array.offset, last = array.offset;
  for (const Extent& extent : extents)
    (extent.stride < 0 ? first : last) += (extent.count - 1) * extent.stride;
  return Region::bytes(in_bytes(first), in_bytes(last - first + 1));
}

bool has_exact_region(const Array& array) {
  return region_of(array).size() == static_cast<std::size_t>(array.size()) * size_of(array.type);
}

}  // namespace troika::onnx
