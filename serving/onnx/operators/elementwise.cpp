// Arithmetic, comparison, logic and choice, with broadcasting.
#include "serving/onnx/operators.h"

namespace troika::onnx {
namespace {

using enum ElementType;
const std::vector<ElementType> numbers{f32, f64, i32, i64, u8};

template <Math op>
void unary(Context& context) {
  Chain chain{1, {}, {}};
  chain.add(op, 0);
  context.out(0, context.elementwise(chain, {context.in(0)}));
}

// Integers are what they are rounded to.
template <Math op>
void binary(Context& context) {
  Chain chain{2, {}, {}};
  chain.add(op, 0, 1);
  context.out(0, context.elementwise(chain, {context.in(0), context.in(1)}));
}

void power(Context& context) {
  Chain chain{2, {}, {}};
  chain.add(Math::pow, 0, 1);
  const Array exponent = context.build().cast(context.in(1), context.in(0).type, context.title());
  // The square of a normalisation is worth more than a call of pow().
  if (context.build().is_constant(exponent) && exponent.size() == 1 &&
      context.reals_in(1)[0] == 2.0) {
    chain = {1, {}, {}};
    chain.add(Math::mul, 0, 0);
    context.out(0, context.elementwise(chain, {context.in(0)}));
    return;
  }
  context.out(0, context.elementwise(chain, {context.in(0), exponent}));
}

void modulo(Context& context) {
  Chain chain{2, {}, {}};
  chain.add(context.integer("fmod", 0) != 0 ? Math::fmod : Math::mod, 0, 1);
  context.out(0, context.elementwise(chain, {context.in(0), context.in(1)}));
}

void reciprocal(Context& context) {
  Chain chain{1, {}, {}};
  chain.add(Math::div, chain.constant(1), 0);
  context.out(0, context.elementwise(chain, {context.in(0)}));
}

Array folded(Context& context, Math op) {
  Array sum = context.in(0);
  Chain chain{2, {}, {}};
  chain.add(op, 0, 1);
  for (std::size_t i = 1; i < context.input_count(); ++i)
    sum = context.elementwise(chain, {sum, context.in(i)});
  return sum;
}

template <Math op>
void variadic(Context& context) {
  context.out(0, folded(context, op));
}

void mean(Context& context) {
  const Array sum = folded(context, Math::add);
  Chain chain{1, {}, {}};
  chain.add(Math::div, 0, chain.constant(static_cast<double>(context.input_count())));
  context.out(0, context.elementwise(chain, {sum}));
}

// A kernel over a grid of the result and inputs that broadcast to it.
Array map(Context& context, const std::string& kernel, ElementType type, std::vector<Array> inputs,
          std::initializer_list<std::int64_t> more) {
  Dims dims;
  for (const Array& input : inputs) dims = broadcast_of(dims, input.dims);
  const Array out = context.build().allocate(type, dims);
  if (out.empty()) return out;
  std::vector<const Array*> arrays{&out};
  for (Array& input : inputs) {
    input = broadcast(input, dims);
    arrays.push_back(&input);
  }
  auto params = grid_of(arrays);
  params.insert(params.end(), more.begin(), more.end());
  context.plain(kernel, std::move(params), std::move(inputs), out, static_cast<double>(out.size()));
  return out;
}

std::string stored_name(ElementType type) { return std::string{troika::name_of(storage_of(type))}; }

template <Comparison op>
void compare(Context& context) {
  context.out(0, map(context, "onnx.compare." + stored_name(context.in(0).type), boolean,
                     {context.in(0), context.in(1)}, {static_cast<std::int64_t>(op)}));
}

// A number that differs from itself is none.
void is_nan(Context& context) {
  const Array equal =
      map(context, "onnx.compare." + stored_name(context.in(0).type), boolean,
          {context.in(0), context.in(0)}, {static_cast<std::int64_t>(Comparison::equal)});
  Chain chain{1, {}, {}};
  chain.add(Math::logical_not, 0);
  context.out(0, context.elementwise(chain, {equal}));
}

void where(Context& context) {
  const ElementType type = context.in(1).type;
  if (context.in(2).type != type) refuse(Code::invalid_argument, "the two inputs differ in type");
  context.out(0, map(context, "onnx.select." + std::string{troika::name_of(width_of(type))}, type,
                     {context.in(0), context.in(1), context.in(2)}, {}));
}

void cast(Context& context) {
  const auto to = element_type_of(static_cast<int>(context.integer("to", 0)));
  const bool there = to && (*to == f32 || *to == f64 || *to == i8 || *to == u8 || *to == i32 ||
                            *to == i64 || *to == boolean);
  if (!there)
    refuse(Code::unsupported, "cast to element type " + std::to_string(context.integer("to", 0)) +
                                  " of ONNX is not there");
  context.out(0, context.build().cast(context.in(0), *to, context.title()));
}

void cast_like(Context& context) {
  context.out(0, context.build().cast(context.in(0), context.in(1).type, context.title()));
}

}  // namespace

void add_elementwise_operators(std::vector<Operator>& to) {
  const std::vector<ElementType> signed_numbers{f32, f64, i32, i64};
  const std::vector<ElementType> castable{f32, f64, i8, u8, i32, i64, boolean};
  const Operator given[] = {
      {"Add", 7, 14, numbers, binary<Math::add>, ""},
      {"Sub", 7, 14, numbers, binary<Math::sub>, ""},
      {"Mul", 7, 14, numbers, binary<Math::mul>, ""},
      {"Div", 7, 14, numbers, binary<Math::div>, "division of integers by zero gives 0"},
      {"Pow", 7, 15, signed_numbers, power, ""},
      {"Mod", 10, 13, numbers, modulo, ""},
      {"Min", 8, 13, numbers, variadic<Math::min>, ""},
      {"Max", 8, 13, numbers, variadic<Math::max>, ""},
      {"Sum", 8, 13, float_types, variadic<Math::add>, ""},
      {"Mean", 8, 13, float_types, mean, ""},
      {"Neg", 6, 13, signed_numbers, unary<Math::neg>, ""},
      {"Abs", 6, 13, numbers, unary<Math::abs>, ""},
      {"Sign", 9, 13, numbers, unary<Math::sign>, ""},
      {"Sqrt", 6, 13, float_types, unary<Math::sqrt>, ""},
      {"Exp", 6, 13, float_types, unary<Math::exp>, ""},
      {"Log", 6, 13, float_types, unary<Math::log>, ""},
      {"Reciprocal", 6, 13, float_types, reciprocal, ""},
      {"Floor", 6, 13, float_types, unary<Math::floor>, ""},
      {"Ceil", 6, 13, float_types, unary<Math::ceil>, ""},
      {"Round", 11, 11, float_types, unary<Math::round>, ""},
      {"Sin", 7, 7, float_types, unary<Math::sin>, ""},
      {"Cos", 7, 7, float_types, unary<Math::cos>, ""},
      {"Tan", 7, 7, float_types, unary<Math::tan>, ""},
      {"Asin", 7, 7, float_types, unary<Math::asin>, ""},
      {"Acos", 7, 7, float_types, unary<Math::acos>, ""},
      {"Atan", 7, 7, float_types, unary<Math::atan>, ""},
      {"Sinh", 9, 9, float_types, unary<Math::sinh>, ""},
      {"Cosh", 9, 9, float_types, unary<Math::cosh>, ""},
      {"Asinh", 9, 9, float_types, unary<Math::asinh>, ""},
      {"Acosh", 9, 9, float_types, unary<Math::acosh>, ""},
      {"Atanh", 9, 9, float_types, unary<Math::atanh>, ""},
      {"Erf", 9, 13, float_types, unary<Math::erf>, ""},
      {"Not", 1, 1, {boolean}, unary<Math::logical_not>, ""},
      {"And", 7, 7, {boolean}, binary<Math::bit_and>, ""},
      {"Or", 7, 7, {boolean}, binary<Math::bit_or>, ""},
      {"Xor", 7, 7, {boolean}, binary<Math::bit_xor>, ""},
      {"Equal", 7, 13, {f32, f64, i32, i64, u8, boolean}, compare<Comparison::equal>, ""},
      {"Greater", 7, 13, numbers, compare<Comparison::greater>, ""},
      {"Less", 7, 13, numbers, compare<Comparison::less>, ""},
      {"GreaterOrEqual", 12, 16, numbers, compare<Comparison::greater_or_equal>, ""},
      {"LessOrEqual", 12, 16, numbers, compare<Comparison::less_or_equal>, ""},
      {"IsNaN", 9, 13, float_types, is_nan, ""},
      {"Where", 9, 16, {boolean}, where, ""},
      {"Cast", 6, 13, castable, cast, "to and from 16-bit types, u32, u64 and strings"},
      {"CastLike", 15, 15, castable, cast_like, "as Cast"},
  };
  to.insert(to.end(), std::begin(given), std::end(given));
}

}  // namespace troika::onnx
