#include <bit>

#include "serving/onnx/kernels/walk.h"
#include "serving/onnx/kernels/windows.h"

namespace troika::onnx {
namespace {

// Where element `at` of a padded dimension comes from; -1 for the constant.
std::int64_t source_of(Padding mode, std::int64_t at, std::int64_t size) noexcept {
  if (at >= 0 && at < size) return at;
  if (mode == Padding::constant) return -1;
  if (mode == Padding::edge) return at < 0 ? 0 : size - 1;
  if (size == 1) return 0;
  const std::int64_t period = 2 * (size - 1);
  const std::int64_t place = ((at % period) + period) % period;
  return place < size ? place : period - place;
}

template <class T>
void pad(const HostArgs& args) {
  const Grid grid{args.params};
  const std::int64_t* const more = grid.behind(2);
  const auto mode = static_cast<Padding>(more[0]);
  const auto value = static_cast<T>(static_cast<std::uint64_t>(more[1]));
  const std::int64_t *const before = more + 2, *const size = before + grid.rank;
  const std::int64_t *const to = grid.operand(0), *const from = grid.operand(1);
  std::array<std::int64_t, rank_max> at{};
  for (std::int64_t done = 0, count = grid.size(); done < count; ++done) {
    std::int64_t out = to[0], in = from[0];
    bool inside = true;
    for (std::int64_t d = 0; d < grid.rank; ++d) {
      const std::int64_t place = at[static_cast<std::size_t>(d)];
      const std::int64_t source = source_of(mode, place - before[d], size[d]);
      inside = inside && source >= 0;
      out += place * to[1 + d];
      in += source * from[1 + d];
    }
    reinterpret_cast<T*>(args.out)[out] =
        inside ? reinterpret_cast<const T*>(args.in[0])[in] : value;
    for (std::int64_t d = grid.rank - 1; d >= 0; --d) {
      if (++at[static_cast<std::size_t>(d)] < grid.dims[d]) break;
      at[static_cast<std::size_t>(d)] = 0;
    }
  }
}

struct Tap {
  std::int64_t offset;
  double weight;
};

// Of all dimensions but the last, the taps of one row.
void taps_of_row(const Grid& grid, const std::array<std::int64_t, rank_max>& at,
                 const std::array<const std::int64_t*, rank_max>& tables,
                 const std::int64_t* counts, std::vector<Tap>& taps) {
  const std::int64_t* const from = grid.operand(1);
  taps.assign(1, {from[0], 1.0});
  std::vector<Tap> next;
  for (std::int64_t d = 0; d + 1 < grid.rank; ++d) {
    const auto i = static_cast<std::size_t>(d);
    next.clear();
    for (const Tap& tap : taps)
      for (std::int64_t t = 0; t < counts[d]; ++t) {
        const std::int64_t* const entry = tables[i] + 2 * (at[i] * counts[d] + t);
        const double weight = tap.weight * std::bit_cast<double>(entry[1]);
        if (weight != 0) next.push_back({tap.offset + entry[0] * from[1 + d], weight});
      }
    taps.swap(next);
  }
}

void resize(const HostArgs& args) {
  const Grid grid{args.params};
  const std::int64_t* const counts = grid.behind(2);
  std::array<const std::int64_t*, rank_max> tables{};
  const std::int64_t* table = counts + grid.rank;
  for (std::int64_t d = 0; d < grid.rank; ++d) {
    tables[static_cast<std::size_t>(d)] = table;
    table += 2 * counts[d] * grid.dims[d];
  }
  const std::int64_t last = grid.rank - 1;
  const std::int64_t *const to = grid.operand(0), *const from = grid.operand(1);
  const std::int64_t* const columns = tables[static_cast<std::size_t>(last)];
  std::array<std::int64_t, rank_max> at{};
  std::vector<Tap> taps;
  for (;;) {
    taps_of_row(grid, at, tables, counts, taps);
    std::int64_t out = to[0];
    for (std::int64_t d = 0; d < last; ++d) out += at[static_cast<std::size_t>(d)] * to[1 + d];
    const auto* const in = reinterpret_cast<const float*>(args.in[0]);
    for (std::int64_t i = 0; i < grid.dims[last]; ++i) {
      double sum = 0;
      for (std::int64_t t = 0; t < counts[last]; ++t) {
        const std::int64_t* const entry = columns + 2 * (i * counts[last] + t);
        double part = 0;
        for (const Tap& tap : taps)
          part += tap.weight * static_cast<double>(in[tap.offset + entry[0] * from[1 + last]]);
        sum += part * std::bit_cast<double>(entry[1]);
      }
      reinterpret_cast<float*>(args.out)[out + i * to[1 + last]] = static_cast<float>(sum);
    }
    std::int64_t d = last - 1;
    for (; d >= 0; --d) {
      if (++at[static_cast<std::size_t>(d)] < grid.dims[d]) break;
      at[static_cast<std::size_t>(d)] = 0;
    }
    if (d < 0) return;
  }
}

template <class T>
void gather(const HostArgs& args) {
  const Grid grid{args.params};
  const std::int64_t size = grid.behind(3)[0], stride = grid.behind(3)[1];
  const auto* const data = reinterpret_cast<const T*>(args.in[0]);
  const auto* const indices = reinterpret_cast<const std::int64_t*>(args.in[1]);
  for_each_row<3>(grid, [&](const auto& at) {
    for (std::int64_t i = 0; i < row_length(grid); ++i) {
      std::int64_t index = indices[at[2] + i * row_stride(grid, 2)];
      if (index < -size || index >= size)
        refuse(Code::out_of_range,
               "index " + std::to_string(index) + " of an axis of " + std::to_string(size));
      if (index < 0) index += size;
      reinterpret_cast<T*>(args.out)[at[0] + i * row_stride(grid, 0)] =
          data[at[1] + i * row_stride(grid, 1) + index * stride];
    }
  });
}

template <class T>
void add_for(std::vector<KernelSpec>& to) {
  const std::string name{troika::name_of(type_of<T>())};
  to.push_back({"onnx.pad." + name, {type_of<T>()}, type_of<T>(), pad<T>});
  to.push_back({"onnx.gather." + name, {type_of<T>(), Type::i64}, type_of<T>(), gather<T>});
}

}  // namespace

void add_placing_kernels(std::vector<KernelSpec>& to) {
  add_for<std::uint8_t>(to);
  add_for<std::uint16_t>(to);
  add_for<std::uint32_t>(to);
  add_for<std::uint64_t>(to);
  to.push_back({"onnx.resize.f32", {Type::f32}, Type::f32, resize});
}

}  // namespace troika::onnx
