// Convolutions with 3x3 windows by fewer products: F(2x2, 3x3) of Lavin and Gray, "Fast Algorithms
// for Convolutional Neural Networks" (2016). Four results of a window cost 16 products a channel
// instead of 36.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "serving/onnx/kernels/panels.h"

namespace troika::onnx {

constexpr std::size_t winograd_places =
    16;  // of a tile: its results' sums, before they are added up

// Whether it is made for such a convolution, and saves time there.
bool fits_winograd(const PanelConv& conv) noexcept;

// Of weights [results, channels, 3, 3] with these strides in floats: for each place, those of all
// channels in panels of results. `to` has room for winograd_places times channels times results.
void transform_weights(const PanelConv& conv, const float* w, std::span<const std::int64_t> strides,
                       float* to);

// `w` as transform_weights() made it.
void run_winograd(const PanelConv& conv, const float* x, const float* w, const float* bias,
                  float* y);

}  // namespace troika::onnx
