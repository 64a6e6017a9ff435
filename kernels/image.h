// A whole picture in memory, for the reference implementations and the tests.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace troika::kernels {

// Samples row by row, the channels of a pixel side by side.
template <class T>
struct Image {
  int width = 0, height = 0, channels = 1;
  std::vector<T> samples;

  Image() = default;
  Image(int w, int h, int c = 1)
      : width{w},
        height{h},
        channels{c},
        samples(static_cast<std::size_t>(w) * static_cast<std::size_t>(h) *
                static_cast<std::size_t>(c)) {}

  std::size_t pitch() const noexcept {  // bytes from one row to the next
    return static_cast<std::size_t>(width) * static_cast<std::size_t>(channels) * sizeof(T);
  }
  T& at(int x, int y, int c = 0) noexcept { return samples[index(x, y, c)]; }
  const T& at(int x, int y, int c = 0) const noexcept { return samples[index(x, y, c)]; }
  // Outside the picture its border repeats.
  const T& clamped(int x, int y, int c = 0) const noexcept {
    return at(std::clamp(x, 0, width - 1), std::clamp(y, 0, height - 1), c);
  }

 private:
  std::size_t index(int x, int y, int c) const noexcept {
    return (static_cast<std::size_t>(y) * static_cast<std::size_t>(width) +
            static_cast<std::size_t>(x)) *
               static_cast<std::size_t>(channels) +
           static_cast<std::size_t>(c);
  }
};

using Rgb8 = Image<std::uint8_t>;  // three channels
using Plane16 = Image<std::uint16_t>;

}  // namespace troika::kernels
