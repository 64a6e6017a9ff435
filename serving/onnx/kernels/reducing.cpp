#include <cmath>

#include "serving/onnx/kernels/math.h"
#include "serving/onnx/kernels/walk.h"
#include "serving/onnx/kernels/windows.h"
#include "wide.h"

namespace troika::onnx {
namespace {

// Three spatial dimensions each, as the parameters list them.
struct Window {
  const std::int64_t *kernel, *stride, *dilation, *before, *behind, *size;
};

// What of the window along one dimension lies in the input, and within its padding.
struct Range {
  std::int64_t first, taps, begin, end;

  Range(const Window& w, int d, std::int64_t out) noexcept {
    first = out * w.stride[d] - w.before[d];
    begin = first < 0 ? (-first + w.dilation[d] - 1) / w.dilation[d] : 0;
    const std::int64_t room = w.size[d] - first;
    end = room <= 0 ? 0 : std::min(w.kernel[d], (room + w.dilation[d] - 1) / w.dilation[d]);
    const std::int64_t padded = w.size[d] + w.behind[d] - first;
    taps = std::min(w.kernel[d], (padded + w.dilation[d] - 1) / w.dilation[d]);
  }
  std::int64_t inside() const noexcept { return std::max<std::int64_t>(end - begin, 0); }
};

// All channels of one place.
template <class T>
struct PoolPlace {
  [[gnu::always_inline]] static inline void run(T* __restrict out, std::int64_t out_stride,
                                                const T* in, const std::int64_t* strides,
                                                std::int64_t channels, Pooling mode,
                                                const Window& w, const std::array<Range, 3>& r) {
    const bool largest = mode == Pooling::max;
    const T start = largest ? std::numeric_limits<T>::lowest() : T{};
    for (std::int64_t c = 0; c < channels; ++c) out[c * out_stride] = start;
    for (std::int64_t z = r[0].begin; z < r[0].end; ++z)
      for (std::int64_t y = r[1].begin; y < r[1].end; ++y)
        for (std::int64_t x = r[2].begin; x < r[2].end; ++x) {
          const T* const at = in + (r[0].first + z * w.dilation[0]) * strides[2] +
                              (r[1].first + y * w.dilation[1]) * strides[3] +
                              (r[2].first + x * w.dilation[2]) * strides[4];
          if (out_stride == 1 && strides[1] == 1)
            for (std::int64_t c = 0; c < channels; ++c)
              out[c] = largest ? std::max(out[c], at[c]) : static_cast<T>(out[c] + at[c]);
          else
            for (std::int64_t c = 0; c < channels; ++c) {
              T& to = out[c * out_stride];
              const T value = at[c * strides[1]];
              to = largest ? std::max(to, value) : static_cast<T>(to + value);
            }
        }
    if (largest) return;
    const std::int64_t count = mode == Pooling::average
                                   ? r[0].inside() * r[1].inside() * r[2].inside()
                                   : r[0].taps * r[1].taps * r[2].taps;
    for (std::int64_t c = 0; c < channels; ++c)
      out[c * out_stride] = quotient(out[c * out_stride], static_cast<T>(count));
  }
};

template <class T>
void pool(const HostArgs& args) {
  const Grid grid{args.params};
  const std::int64_t* const more = grid.behind(2);
  const Window window{more + 1, more + 4, more + 7, more + 10, more + 13, more + 16};
  const std::int64_t* const to = grid.operand(0);
  const std::int64_t* const from = grid.operand(1);
  for (std::int64_t n = 0; n < grid.dims[0]; ++n)
    for (std::int64_t z = 0; z < grid.dims[2]; ++z)
      for (std::int64_t y = 0; y < grid.dims[3]; ++y)
        for (std::int64_t x = 0; x < grid.dims[4]; ++x)
          kernels::run_wide<PoolPlace<T>>(
              reinterpret_cast<T*>(args.out) + to[0] + n * to[1] + z * to[3] + y * to[4] +
                  x * to[5],
              to[2], reinterpret_cast<const T*>(args.in[0]) + from[0] + n * from[1], from + 1,
              grid.dims[1], static_cast<Pooling>(more[0]), window,
              std::array<Range, 3>{Range{window, 0, z}, Range{window, 1, y}, Range{window, 2, x}});
}

template <class T>
using Sum = std::conditional_t<std::is_floating_point_v<T>, double, std::int64_t>;

template <class T>
Sum<T> reduced(Reduction how, Sum<T> sum, T value) noexcept {
  const auto v = static_cast<Sum<T>>(value);
  switch (how) {
    case Reduction::sum:
    case Reduction::mean: return sum + v;
    case Reduction::max: return std::max(sum, v);
    case Reduction::min: return std::min(sum, v);
    case Reduction::prod: return sum * v;
    case Reduction::l1: return sum + (v < 0 ? -v : v);
    case Reduction::l2:
    case Reduction::sum_square: return sum + v * v;
  }
  return sum;
}

template <class T>
Sum<T> start_of(Reduction how) noexcept {
  if (how == Reduction::prod) return 1;
  if (how == Reduction::max)
    return std::is_floating_point_v<T> ? -std::numeric_limits<Sum<T>>::infinity()
                                       : std::numeric_limits<Sum<T>>::min();
  if (how == Reduction::min)
    return std::is_floating_point_v<T> ? std::numeric_limits<Sum<T>>::infinity()
                                       : std::numeric_limits<Sum<T>>::max();
  return 0;
}

// Results are made a block of a row at a time: what is read lies together when the reduced
// dimension does, or the row does.
constexpr std::int64_t block = 64;

template <class T>
struct ReduceBlock {
  [[gnu::always_inline]] static inline void run(Reduction how, Sum<T>* __restrict sums, const T* in,
                                                std::int64_t stride, std::int64_t n,
                                                const std::int64_t* size, const std::int64_t* step,
                                                std::int64_t rank) {
    std::array<std::int64_t, rank_max> at{};
    for (;;) {
      const std::int64_t inner = rank == 0 ? 1 : size[rank - 1];
      const std::int64_t inner_step = rank == 0 ? 0 : step[rank - 1];
      if (how == Reduction::sum || how == Reduction::mean)
        for (std::int64_t r = 0; r < inner; ++r)
          for (std::int64_t i = 0; i < n; ++i)
            sums[i] += static_cast<Sum<T>>(in[i * stride + r * inner_step]);
      else
        for (std::int64_t r = 0; r < inner; ++r)
          for (std::int64_t i = 0; i < n; ++i)
            sums[i] = reduced<T>(how, sums[i], in[i * stride + r * inner_step]);
      std::int64_t d = rank - 2;
      for (; d >= 0; --d) {
        in += step[d];
        if (++at[static_cast<std::size_t>(d)] < size[d]) break;
        in -= step[d] * size[d];
        at[static_cast<std::size_t>(d)] = 0;
      }
      if (d < 0) return;
    }
  }
};

template <class T>
void reduce(const HostArgs& args) {
  const Grid grid{args.params};
  const std::int64_t* const more = grid.behind(2);
  const auto how = static_cast<Reduction>(more[0]);
  const std::int64_t rank = more[1];
  const std::int64_t *const size = more + 2, *const step = size + rank;
  std::int64_t count = 1;
  for (std::int64_t d = 0; d < rank; ++d) count *= size[d];
  for_each_row<2>(grid, [&](const auto& at) {
    for (std::int64_t first = 0; first < row_length(grid); first += block) {
      const std::int64_t n = std::min(block, row_length(grid) - first);
      std::array<Sum<T>, block> sums;
      sums.fill(start_of<T>(how));
      const T* const in =
          reinterpret_cast<const T*>(args.in[0]) + at[1] + first * row_stride(grid, 1);
      if (count > 0)
        kernels::run_wide<ReduceBlock<T>>(how, sums.data(), in, row_stride(grid, 1), n, size, step,
                                          rank);
      T* const out = reinterpret_cast<T*>(args.out) + at[0] + first * row_stride(grid, 0);
      for (std::int64_t i = 0; i < n; ++i) {
        Sum<T> sum = sums[static_cast<std::size_t>(i)];
        if (how == Reduction::mean) sum = quotient(sum, static_cast<Sum<T>>(count));
        if (how == Reduction::l2) sum = static_cast<Sum<T>>(std::sqrt(static_cast<double>(sum)));
        out[i * row_stride(grid, 0)] = static_cast<T>(sum);
      }
    }
  });
}

struct SoftmaxRow {
  [[gnu::always_inline]] static inline void run(float* out, std::int64_t out_stride,
                                                const float* in, std::int64_t in_stride,
                                                std::int64_t n, bool logarithm) {
    float largest = -std::numeric_limits<float>::infinity();
    for (std::int64_t i = 0; i < n; ++i) largest = std::max(largest, in[i * in_stride]);
    float sum = 0;
    for (std::int64_t i = 0; i < n; ++i) {
      const float e = exp_of(in[i * in_stride] - largest);
      sum += e;
      out[i * out_stride] = e;
    }
    const float log_sum = std::log(sum);
    for (std::int64_t i = 0; i < n; ++i)
      out[i * out_stride] =
          logarithm ? in[i * in_stride] - largest - log_sum : out[i * out_stride] / sum;
  }
};

void softmax(const HostArgs& args) {
  const Grid grid{args.params};
  const std::int64_t* const more = grid.behind(2);
  for_each_row<2>(grid, [&](const auto& at) {
    for (std::int64_t i = 0; i < row_length(grid); ++i)
      kernels::run_wide<SoftmaxRow>(
          reinterpret_cast<float*>(args.out) + at[0] + i * row_stride(grid, 0), more[1],
          reinterpret_cast<const float*>(args.in[0]) + at[1] + i * row_stride(grid, 1), more[2],
          more[0], more[3] != 0);
  });
}

template <class T>
void add_for(std::vector<KernelSpec>& to) {
  const std::string name{troika::name_of(type_of<T>())};
  to.push_back({"onnx.pool." + name, {type_of<T>()}, type_of<T>(), pool<T>});
  to.push_back({"onnx.reduce." + name, {type_of<T>()}, type_of<T>(), reduce<T>});
}

}  // namespace

void add_reducing_kernels(std::vector<KernelSpec>& to) {
  add_for<float>(to);
  add_for<double>(to);
  add_for<std::int32_t>(to);
  add_for<std::int64_t>(to);
  add_for<std::uint8_t>(to);
  to.push_back({"onnx.softmax.f32", {Type::f32}, Type::f32, softmax});
}

}  // namespace troika::onnx
