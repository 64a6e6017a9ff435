// The demo's graph: a photograph enlarged, measured and brought out, tile by tile.
#pragma once

#include "kernels/image.h"
#include "kernels/tile.h"
#include "runtime/graph/graph.h"

namespace troika {

// How a picture is cut. Tiles are whole blocks of the exposure map, but for the last of each row
// and column.
struct PipelineShape {
  int source_width = 0, source_height = 0;
  int factor = 1;
  int tile_w = 0, tile_h = 0;

  int width() const noexcept { return source_width * factor; }
  int height() const noexcept { return source_height * factor; }
  int across() const noexcept { return (width() + tile_w - 1) / tile_w; }
  int down() const noexcept { return (height() + tile_h - 1) / tile_h; }
  int tiles() const noexcept { return across() * down(); }
  kernels::Rect tile(int index) const noexcept;
};

inline constexpr std::int64_t pipeline_pixels_min = 8'000'000;

// `tiles`: about how many; 0 chooses tiles of at most 512 x 512 pixels, and enough of them for 500
// tasks. `factor`: 0 enlarges to at least pipeline_pixels_min, as far as a factor of 64 goes.
PipelineShape pipeline_shape(int source_width, int source_height, int tiles = 0,
                             int factor = 0) noexcept;

// Whole buffers, without gaps; the sizes they need are beside them.
struct PipelineViews {
  View<std::uint8_t> source;   // 3 x source pixels
  View<std::int32_t> weights;  // kernels::enlarge_weights(factor)
  View<std::uint8_t> result;   // 3 x width x height
  View<float> exposure;        // kernels::exposure_blocks(width) x exposure_blocks(height)
};

// Everything between is scratch of the run.
Graph pipeline_graph(const PipelineShape& shape, const PipelineViews& views);

struct PipelineResult {
  kernels::Rgb8 picture;
  kernels::Image<float> exposure;
};

// What the graph computes, from the kernels' reference implementations on whole pictures.
PipelineResult pipeline_reference(const kernels::Rgb8& source, int factor);

// Whether two results are the same: every sample of the picture to the bit and every float within
// the bound declared beside its kernel. Code::data_lost names the first that is not.
Status compare(const PipelineResult& got, const PipelineResult& expected);

}  // namespace troika
