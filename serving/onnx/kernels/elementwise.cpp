#include "serving/onnx/kernels/elementwise.h"

#include "serving/onnx/kernels/chain_loop.h"
#include "serving/onnx/kernels/math.h"
#include "serving/onnx/kernels/walk.h"

namespace troika::onnx {
namespace {

template <class T>
const T* input(const HostArgs& args, std::size_t i) noexcept {
  return reinterpret_cast<const T*>(args.in[i]);
}
template <class T>
T* output(const HostArgs& args) noexcept {
  return reinterpret_cast<T*>(args.out);
}

template <class T, std::size_t inputs>
void elementwise(const HostArgs& args) {
  const Grid grid{args.params};
  const std::int64_t* const code = grid.behind(inputs + 1);
  for_each_row<inputs + 1>(grid, [&](const auto& at) {
    std::array<ChainInput<T>, Chain::inputs_max> in;
    for (std::size_t i = 0; i < inputs; ++i)
      in[i] = {input<T>(args, i) + at[i + 1], row_stride(grid, static_cast<std::int64_t>(i) + 1)};
    run_chain<T>(code, in, inputs, output<T>(args) + at[0], row_stride(grid, 0), row_length(grid));
  });
}

template <class T>
bool holds(Comparison op, T a, T b) noexcept {
  switch (op) {
    case Comparison::equal: return a == b;
    case Comparison::greater: return a > b;
    case Comparison::less: return a < b;
    case Comparison::greater_or_equal: return a >= b;
    case Comparison::less_or_equal: return a <= b;
  }
  return false;
}

template <class T>
void compare(const HostArgs& args) {
  const Grid grid{args.params};
  const auto op = static_cast<Comparison>(*grid.behind(3));
  for_each_row<3>(grid, [&](const auto& at) {
    for (std::int64_t i = 0; i < row_length(grid); ++i)
      output<std::uint8_t>(args)[at[0] + i * row_stride(grid, 0)] =
          holds(op, input<T>(args, 0)[at[1] + i * row_stride(grid, 1)],
                input<T>(args, 1)[at[2] + i * row_stride(grid, 2)]);
  });
}

template <class T>
void select(const HostArgs& args) {
  const Grid grid{args.params};
  for_each_row<4>(grid, [&](const auto& at) {
    for (std::int64_t i = 0; i < row_length(grid); ++i)
      output<T>(args)[at[0] + i * row_stride(grid, 0)] =
          input<std::uint8_t>(args, 0)[at[1] + i * row_stride(grid, 1)]
              ? input<T>(args, 1)[at[2] + i * row_stride(grid, 2)]
              : input<T>(args, 2)[at[3] + i * row_stride(grid, 3)];
  });
}

template <class From, class To>
void cast(const HostArgs& args) {
  const Grid grid{args.params};
  for_each_row<2>(grid, [&](const auto& at) {
    for (std::int64_t i = 0; i < row_length(grid); ++i)
      output<To>(args)[at[0] + i * row_stride(grid, 0)] =
          converted<To>(input<From>(args, 0)[at[1] + i * row_stride(grid, 1)]);
  });
}

template <class T>
void copy(const HostArgs& args) {
  const Grid grid{args.params};
  const std::int64_t to = row_stride(grid, 0), from = row_stride(grid, 1);
  for_each_row<2>(grid, [&](const auto& at) {
    const T* const in = input<T>(args, 0) + at[1];
    T* const out = output<T>(args) + at[0];
    if (to == 1 && from == 1) std::copy_n(in, row_length(grid), out);
    else
      for (std::int64_t i = 0; i < row_length(grid); ++i) out[i * to] = in[i * from];
  });
}

template <class T, std::size_t... n>
void add_chains(std::vector<KernelSpec>& to, std::index_sequence<n...>) {
  (to.push_back({"onnx.elementwise" + std::to_string(n + 1) + "." +
                     std::string{troika::name_of(type_of<T>())},
                 std::vector<Type>(n + 1, type_of<T>()), type_of<T>(), elementwise<T, n + 1>}),
   ...);
}

template <class T>
void add_arithmetic(std::vector<KernelSpec>& to) {
  add_chains<T>(to, std::make_index_sequence<Chain::inputs_max>{});
  to.push_back({"onnx.compare." + std::string{troika::name_of(type_of<T>())},
                {type_of<T>(), type_of<T>()},
                Type::u8,
                compare<T>});
}

template <class T>
void add_moves(std::vector<KernelSpec>& to) {
  const std::string width{troika::name_of(type_of<T>())};
  to.push_back({"onnx.copy." + width, {type_of<T>()}, type_of<T>(), copy<T>});
  to.push_back(
      {"onnx.select." + width, {Type::u8, type_of<T>(), type_of<T>()}, type_of<T>(), select<T>});
}

template <class From, class To>
void add_cast(std::vector<KernelSpec>& to) {
  to.push_back({"onnx.cast." + std::string{name_of(element_type<From>())} + "." +
                    std::string{name_of(element_type<To>())},
                {storage_of(element_type<From>())},
                storage_of(element_type<To>()),
                cast<From, To>});
}
template <class From>
void add_casts_from(std::vector<KernelSpec>& to) {
  add_cast<From, float>(to);
  add_cast<From, double>(to);
  add_cast<From, std::int8_t>(to);
  add_cast<From, std::uint8_t>(to);
  add_cast<From, std::int32_t>(to);
  add_cast<From, std::int64_t>(to);
  add_cast<From, bool>(to);
}

}  // namespace

Type width_of(ElementType type) noexcept {
  switch (size_of(type)) {
    case 1: return Type::u8;
    case 2: return Type::u16;
    case 4: return Type::u32;
    default: return Type::u64;
  }
}

void add_elementwise_kernels(std::vector<KernelSpec>& to) {
  add_arithmetic<float>(to);
  add_arithmetic<double>(to);
  add_arithmetic<std::int32_t>(to);
  add_arithmetic<std::int64_t>(to);
  add_arithmetic<std::uint8_t>(to);
  add_moves<std::uint8_t>(to);
  add_moves<std::uint16_t>(to);
  add_moves<std::uint32_t>(to);
  add_moves<std::uint64_t>(to);
  add_casts_from<float>(to);
  add_casts_from<double>(to);
  add_casts_from<std::int8_t>(to);
  add_casts_from<std::uint8_t>(to);
  add_casts_from<std::int32_t>(to);
  add_casts_from<std::int64_t>(to);
  add_casts_from<bool>(to);
}

}  // namespace troika::onnx
