// Where a tensor's elements lie in a storage of a program, and views that move none of them.
#pragma once

#include <optional>
#include <span>

#include "runtime/graph/region.h"
#include "serving/onnx/tensor.h"

namespace troika::onnx {

// Strides and offset count elements. A broadcast dimension has stride 0.
struct Array {
  ElementType type = ElementType::f32;
  Dims dims, strides;
  std::int64_t offset = 0;
  std::uint32_t storage = 0;  // index into Program::storages

  std::size_t rank() const noexcept { return dims.size(); }
  std::int64_t size() const noexcept { return elements_of(dims); }
  bool empty() const noexcept { return size() == 0; }
};

// Elements follow one another as the dimensions say, without gaps.
bool is_row_major(const Array& array) noexcept;
// Some order of the dimensions makes it so: no gaps, nothing twice.
bool is_dense(const Array& array) noexcept;
// Dimensions from the one with the largest stride to the one with the smallest; as few steps from
// their own order as that allows.
std::vector<std::size_t> order_of(const Array& array);
// Strides of a dense array of these dimensions that lie in this order.
Dims strides_in_order(const Dims& dims, std::span<const std::size_t> order);

Array transposed(const Array& array, std::span<const std::size_t> order);
// Elements first, first + step, … of one dimension; `count` of them.
Array sliced(Array array, std::size_t axis, std::int64_t first, std::int64_t count,
             std::int64_t step);
// `dims` must be what broadcast_of() gives.
Array broadcast(const Array& array, const Dims& dims);
// As many elements in other dimensions; none when the strides do not allow it without a copy.
std::optional<Array> reshaped(const Array& array, const Dims& dims);

// The bytes of the storage that it lies in: exact for arrays without gaps and for rows of one
// pitch, else everything from the first to the last.
Region region_of(const Array& array);
bool has_exact_region(const Array& array);

}  // namespace troika::onnx
