// A two-dimensional argument as host kernels walk it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "runtime/graph/typed.h"

namespace troika::kernels {

// Rows of T, `pitch` bytes apart. The pitch is an argument of its own, because a view that happens
// to have no gaps between its rows reaches a kernel as one row.
template <class T>
class Plane {
 public:
  Plane(T* first, std::size_t pitch) noexcept : first_{first}, pitch_{pitch} {}
  Plane(HostView<T> view, std::uint32_t pitch) noexcept : Plane{view.data(), pitch} {}

  T* row(int y) const noexcept {
    using Byte = std::conditional_t<std::is_const_v<T>, const std::byte, std::byte>;
    return reinterpret_cast<T*>(reinterpret_cast<Byte*>(first_) +
                                static_cast<std::size_t>(y) * pitch_);
  }

 private:
  T* first_;
  std::size_t pitch_;
};

}  // namespace troika::kernels
