#include "serving/onnx/type.h"

#include <array>

namespace troika::onnx {
namespace {

struct Row {
  std::string_view name;
  Type storage;
  int onnx;  // onnx.TensorProto.DataType
};
// By ElementType.
constexpr std::array<Row, 11> rows{{{"f32", Type::f32, 1},
                                    {"f64", Type::f64, 11},
                                    {"i8", Type::i8, 3},
                                    {"u8", Type::u8, 2},
                                    {"i16", Type::i16, 5},
                                    {"u16", Type::u16, 4},
                                    {"i32", Type::i32, 6},
                                    {"u32", Type::u32, 12},
                                    {"i64", Type::i64, 7},
                                    {"u64", Type::u64, 13},
                                    {"bool", Type::u8, 9}}};

const Row& row_of(ElementType type) noexcept { return rows[static_cast<std::size_t>(type)]; }

}  // namespace

std::string_view name_of(ElementType type) noexcept { return row_of(type).name; }
std::size_t size_of(ElementType type) noexcept { return troika::size_of(row_of(type).storage); }
Type storage_of(ElementType type) noexcept { return row_of(type).storage; }

std::optional<ElementType> element_type_of(int onnx_type) noexcept {
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (rows[i].onnx == onnx_type) return static_cast<ElementType>(i);
  return std::nullopt;
}

}  // namespace troika::onnx
