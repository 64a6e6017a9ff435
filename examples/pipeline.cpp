#include "examples/pipeline.h"

#include <algorithm>
#include <cmath>

#include "kernels/blur_columns/blur_columns.h"
#include "kernels/blur_rows/blur_rows.h"
#include "kernels/compose/compose.h"
#include "kernels/edges/edges.h"
#include "kernels/enlarge/enlarge.h"
#include "kernels/exposure/exposure.h"
#include "kernels/histogram/histogram.h"
#include "kernels/luma/luma.h"
#include "kernels/sharpen/sharpen.h"
#include "kernels/smooth/smooth.h"
#include "kernels/tone_curve/tone_curve.h"

namespace troika {
namespace {

using namespace kernels;

constexpr int tile_side_max = 512, tiles_min = 56;

constexpr int divided_up(int n, int by) noexcept { return (n + by - 1) / by; }

// A buffer as rows of samples.
template <class T>
class Canvas {
 public:
  Canvas(View<T> all, int width, int channels = 1)
      : all_{all}, row_{width * channels}, channels_{channels} {}

  View<T> at(Rect r) const {
    return all_.tile(to_size(r.y) * to_size(row_) + to_size(r.x * channels_),
                     to_size(r.w * channels_), to_size(r.h), to_size(row_));
  }
  u32 pitch() const noexcept { return static_cast<u32>(to_size(row_) * sizeof(T)); }

 private:
  static std::size_t to_size(int n) noexcept { return static_cast<std::size_t>(n); }

  View<T> all_;
  int row_, channels_;  // samples
};

}  // namespace

Rect PipelineShape::tile(int index) const noexcept {
  const int x = index % across() * tile_w, y = index / across() * tile_h;
  return {x, y, std::min(tile_w, width() - x), std::min(tile_h, height() - y)};
}

PipelineShape pipeline_shape(int source_width, int source_height, int tiles, int factor) noexcept {
  PipelineShape shape{source_width, source_height, std::max(factor, 1)};
  const auto pixels = [&] { return std::int64_t{shape.width()} * shape.height(); };
  if (factor == 0)
    while (pixels() < pipeline_pixels_min && shape.factor < enlarge_factor_max) ++shape.factor;

  if (tiles <= 0)
    tiles = std::max(tiles_min, divided_up(shape.width(), tile_side_max) *
                                    divided_up(shape.height(), tile_side_max));
  int side = exposure_block * divided_up(std::max(shape.width(), shape.height()), exposure_block);
  while (side > exposure_block &&
         divided_up(shape.width(), side) * divided_up(shape.height(), side) < tiles)
    side -= exposure_block;
  // So many tiles of that side: shared out evenly.
  const auto even = [side](int extent) {
    return exposure_block *
           divided_up(divided_up(extent, divided_up(extent, side)), exposure_block);
  };
  shape.tile_w = even(shape.width());
  shape.tile_h = even(shape.height());
  return shape;
}

Graph pipeline_graph(const PipelineShape& shape, const PipelineViews& views) {
  const int width = shape.width(), height = shape.height();
  const auto pixels = static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
  const auto tiles = static_cast<std::size_t>(shape.tiles());

  Graph g;
  const Canvas<u8> source{views.source, shape.source_width, 3};
  const Canvas<u8> large{g.scratch<u8>(3 * pixels), width, 3};
  const auto plane = [&] { return Canvas<u16>{g.scratch<u16>(pixels), width}; };
  const Canvas<u16> bright = plane(), even = plane(), streaked = plane(), blurred = plane(),
                    steep = plane(), wanted = plane();
  const Scratch<u32> bins = g.scratch<u32>(histogram_bins * tiles);
  const Scratch<u16> curve = g.scratch<u16>(tone_curve_points);
  const Canvas<u8> result{views.result, width, 3};
  const Canvas<float> light{views.exposure, exposure_blocks(width)};

  const auto each_tile = [&](auto add) {
    for (int i = 0; i < shape.tiles(); ++i) add(i, shape.tile(i));
  };
  const auto add_halo = [&](const auto& kernel, const Canvas<u16>& from, const Canvas<u16>& to,
                            int radius_x, int radius_y) {
    each_tile([&](int, Rect t) {
      const Halo halo = halo_of(t, radius_x, radius_y, width, height);
      g.add(kernel, from.at(halo.view), to.at(t), halo.view.w, halo.view.h, halo.left, halo.top,
            t.w, t.h, from.pitch(), to.pitch());
    });
  };

  each_tile([&](int, Rect t) {
    const Rect from = enlarge_source(t, shape.factor, shape.source_width, shape.source_height);
    g.add(enlarge, source.at(from), large.at(t), views.weights, from.w, from.h, from.x, from.y, t.x,
          t.y, t.w, t.h, source.pitch(), large.pitch(), shape.factor);
  });
  each_tile([&](int, Rect t) {
    g.add(luma, large.at(t), bright.at(t), t.w, t.h, large.pitch(), bright.pitch());
  });
  each_tile([&](int i, Rect t) {
    g.add(histogram, bright.at(t),
          bins.slice(histogram_bins * static_cast<std::size_t>(i), histogram_bins), t.w, t.h,
          bright.pitch());
  });
  g.add(tone_curve, bins, curve, shape.tiles());
  add_halo(smooth, bright, even, smooth_radius, smooth_radius);
  add_halo(blur_rows, even, streaked, blur_rows_radius, 0);
  add_halo(blur_columns, streaked, blurred, 0, blur_columns_radius);
  add_halo(edges, even, steep, edges_radius, edges_radius);
  each_tile([&](int, Rect t) {
    g.add(sharpen, even.at(t), blurred.at(t), steep.at(t), wanted.at(t), curve, t.w, t.h,
          even.pitch(), blurred.pitch(), steep.pitch(), wanted.pitch());
  });
  each_tile([&](int, Rect t) {
    const Rect blocks{t.x / exposure_block, t.y / exposure_block, exposure_blocks(t.w),
                      exposure_blocks(t.h)};
    g.add(exposure, wanted.at(t), light.at(blocks), t.w, t.h, wanted.pitch(), light.pitch());
  });
  each_tile([&](int, Rect t) {
    g.add(compose, large.at(t), bright.at(t), wanted.at(t), result.at(t), t.w, t.h, large.pitch(),
          bright.pitch(), wanted.pitch(), result.pitch());
  });
  return g;
}

PipelineResult pipeline_reference(const Rgb8& source, int factor) {
  const Rgb8 large = enlarge_reference(source, factor);
  const Plane16 bright = luma_reference(large);
  const std::vector<u16> curve = tone_curve_reference(histogram_reference(bright));
  const Plane16 even = smooth_reference(bright);
  const Plane16 blurred = blur_columns_reference(blur_rows_reference(even));
  const Plane16 wanted = sharpen_reference(even, blurred, edges_reference(even), curve);
  return {compose_reference(large, bright, wanted), exposure_reference(wanted)};
}

Status compare(const PipelineResult& got, const PipelineResult& expected) {
  const std::vector<u8>&a = got.picture.samples, &b = expected.picture.samples;
  if (a.size() != b.size() || got.exposure.samples.size() != expected.exposure.samples.size())
    return {Code::invalid_argument, "results of different sizes"};
  for (std::size_t i = 0; i < a.size(); ++i)
    if (a[i] != b[i])
      return {Code::data_lost,
              "sample " + std::to_string(i % 3) + " of pixel " +
                  std::to_string(i / 3 % static_cast<std::size_t>(got.picture.width)) + ", " +
                  std::to_string(i / 3 / static_cast<std::size_t>(got.picture.width)) + " is " +
                  std::to_string(a[i]) + ", not " + std::to_string(b[i])};
  for (std::size_t i = 0; i < got.exposure.samples.size(); ++i) {
    const float x = got.exposure.samples[i], y = expected.exposure.samples[i];
    const float ulp = std::nextafter(std::abs(y), INFINITY) - std::abs(y);
    if (!(std::abs(x - y) <= ulp * static_cast<float>(exposure_ulps)))
      return {Code::data_lost, "exposure of block " + std::to_string(i) + " is " +
                                   std::to_string(x) + ", not within " +
                                   std::to_string(exposure_ulps) + " ulps of " + std::to_string(y)};
  }
  return {};
}

}  // namespace troika
