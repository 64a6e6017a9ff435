// The operators that are there, and how each becomes steps.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "serving/onnx/context.h"

namespace troika::onnx {

struct Operator {
  std::string_view name;
  int since, until;  // versions of the operator that are known
  // Of its first input, or of its result where it has none.
  std::vector<ElementType> types;
  void (*lower)(Context& context);
  std::string_view limits;  // what is left out; empty: nothing
};

// What many operators take.
inline const std::vector<ElementType> float_types{ElementType::f32, ElementType::f64};
inline const std::vector<ElementType> all_types{
    ElementType::f32, ElementType::f64, ElementType::i8,     ElementType::u8,
    ElementType::i16, ElementType::u16, ElementType::i32,    ElementType::u32,
    ElementType::i64, ElementType::u64, ElementType::boolean};

// By name.
const std::vector<Operator>& all_operators();
// Throws Code::unsupported, saying what is there, for an operator or version that is not.
const Operator& require_operator(std::string_view name, int version);
// The page operators.md.
std::string operators_page();

// Each file of operators/ gives some.
void add_elementwise_operators(std::vector<Operator>& to);
void add_activation_operators(std::vector<Operator>& to);
void add_shape_operators(std::vector<Operator>& to);
void add_placing_operators(std::vector<Operator>& to);
void add_product_operators(std::vector<Operator>& to);
void add_window_operators(std::vector<Operator>& to);
void add_reduction_operators(std::vector<Operator>& to);

}  // namespace troika::onnx
