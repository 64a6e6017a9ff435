// Activations: chains of a few element-wise instructions.
#include "serving/onnx/operators.h"

namespace troika::onnx {
namespace {

using enum ElementType;

void apply(Context& context, const Chain& chain) {
  context.out(0, context.elementwise(chain, {context.in(0)}));
}

void relu(Context& context) {
  Chain chain{1, {}, {}};
  chain.add(Math::max, 0, chain.constant(0));
  apply(context, chain);
}

// max(x, 0) * gain + f(min(x, 0)), where f is the instructions that `negative` appends.
template <class Negative>
void two_sided(Context& context, double gain, Negative negative) {
  Chain chain{1, {}, {}};
  const int zero = chain.constant(0);
  int above = chain.add(Math::max, 0, zero);
  if (gain != 1) above = chain.add(Math::mul, above, chain.constant(gain));
  const int below = negative(chain, chain.add(Math::min, 0, zero));
  chain.add(Math::add, above, below);
  apply(context, chain);
}

int exponential(Chain& chain, int x, double alpha) {
  const int less_one = chain.add(Math::sub, chain.add(Math::exp, x), chain.constant(1));
  return chain.add(Math::mul, less_one, chain.constant(alpha));
}

void leaky_relu(Context& context) {
  const double alpha = context.real("alpha", 0.01F);
  two_sided(context, 1,
            [&](Chain& chain, int x) { return chain.add(Math::mul, x, chain.constant(alpha)); });
}
void elu(Context& context) {
  const double alpha = context.real("alpha", 1);
  two_sided(context, 1, [&](Chain& chain, int x) { return exponential(chain, x, alpha); });
}
void selu(Context& context) {
  const double alpha = context.real("alpha", 1.67326319217681884765625F);
  const double gamma = context.real("gamma", 1.05070102214813232421875F);
  two_sided(context, gamma,
            [&](Chain& chain, int x) { return exponential(chain, x, alpha * gamma); });
}
void celu(Context& context) {
  const double alpha = context.real("alpha", 1);
  two_sided(context, 1, [&](Chain& chain, int x) {
    return exponential(chain, chain.add(Math::div, x, chain.constant(alpha)), alpha);
  });
}

void prelu(Context& context) {
  Chain chain{2, {}, {}};
  const int zero = chain.constant(0);
  const int above = chain.add(Math::max, 0, zero);
  const int below = chain.add(Math::mul, chain.add(Math::min, 0, zero), 1);
  chain.add(Math::add, above, below);
  context.out(0, context.elementwise(chain, {context.in(0), context.in(1)}));
}

void sigmoid(Context& context) {
  Chain chain{1, {}, {}};
  chain.add(Math::sigmoid, 0);
  apply(context, chain);
}
void tanh(Context& context) {
  Chain chain{1, {}, {}};
  chain.add(Math::tanh, 0);
  apply(context, chain);
}

int hard_sigmoid_of(Chain& chain, double alpha, double beta) {
  const int product = chain.add(Math::mul, 0, chain.constant(alpha));
  const int sum = chain.add(Math::add, product, chain.constant(beta));
  return chain.add(Math::min, chain.add(Math::max, sum, chain.constant(0)), chain.constant(1));
}
void hard_sigmoid(Context& context) {
  Chain chain{1, {}, {}};
  hard_sigmoid_of(chain, context.real("alpha", 0.2F), context.real("beta", 0.5F));
  apply(context, chain);
}
void hard_swish(Context& context) {
  Chain chain{1, {}, {}};
  chain.add(Math::mul, hard_sigmoid_of(chain, 1.0 / 6, 0.5), 0);
  apply(context, chain);
}

// max(x, 0) + log(1 + exp(-|x|)): nothing overflows.
void softplus(Context& context) {
  Chain chain{1, {}, {}};
  const int small = chain.add(Math::exp, chain.add(Math::neg, chain.add(Math::abs, 0)));
  const int log = chain.add(Math::log, chain.add(Math::add, small, chain.constant(1)));
  chain.add(Math::add, log, chain.add(Math::max, 0, chain.constant(0)));
  apply(context, chain);
}
void softsign(Context& context) {
  Chain chain{1, {}, {}};
  chain.add(Math::div, 0, chain.add(Math::add, chain.add(Math::abs, 0), chain.constant(1)));
  apply(context, chain);
}

std::optional<double> bound(Context& context, std::string_view attribute, std::size_t input) {
  if (context.attribute(attribute) != nullptr) return context.real(attribute, 0);
  if (!context.has(input)) return std::nullopt;
  const auto values = context.reals_in(input);
  if (values.size() != 1) refuse(Code::invalid_argument, "a bound is one number");
  return values[0];
}

// Bounds that are computed are two more inputs.
void clip(Context& context) {
  const auto constant = [&](std::size_t i) {
    return !context.has(i) || context.build().is_constant(context.in(i));
  };
  Array x = context.in(0);
  Chain chain{1, {}, {}};
  for (const auto& [name, input, op] :
       {std::tuple{"min", std::size_t{1}, Math::max}, {"max", std::size_t{2}, Math::min}}) {
    if (!constant(input)) {
      Chain two{2, {}, {}};
      two.add(op, 0, 1);
      x = context.elementwise(two, {x, context.in(input)});
    } else if (const auto value = bound(context, name, input)) {
      Chain one{1, {}, {}};
      one.add(op, 0, one.constant(*value));
      x = context.elementwise(one, {x});
    }
  }
  context.out(0, x);
}

}  // namespace

void add_activation_operators(std::vector<Operator>& to) {
  const Operator given[] = {
      {"Relu", 6, 14, {f32, f64, i32, i64}, relu, ""},
      {"LeakyRelu", 6, 16, float_types, leaky_relu, ""},
      {"Elu", 6, 6, float_types, elu, ""},
      {"Selu", 6, 6, float_types, selu, ""},
      {"Celu", 12, 12, {f32}, celu, ""},
      {"PRelu", 7, 16, float_types, prelu, ""},
      {"Sigmoid", 6, 13, float_types, sigmoid, ""},
      {"HardSigmoid", 6, 6, float_types, hard_sigmoid, ""},
      {"HardSwish", 14, 14, float_types, hard_swish, ""},
      {"Tanh", 6, 13, float_types, tanh, ""},
      {"Softplus", 1, 1, float_types, softplus, ""},
      {"Softsign", 1, 1, float_types, softsign, ""},
      {"Clip", 6, 13, {f32, f64, i32, i64, u8}, clip, ""},
  };
  to.insert(to.end(), std::begin(given), std::end(given));
}

}  // namespace troika::onnx
