#include "serving/onnx/kernels/chain_loop.h"
#include "serving/onnx/kernels/conv.h"
#include "serving/onnx/kernels/dnnl.h"
#include "serving/onnx/kernels/panels.h"
#include "serving/onnx/kernels/winograd.h"

namespace troika::onnx {
namespace {

using Kind = dnnl::memory::data_type;

struct WinogradConv {
  PanelConv conv;
};
void run(const WinogradConv& how, const float* x, const float* w, const float* bias, float* y) {
  run_winograd(how.conv, x, w, bias, y);
}

// A primitive of oneDNN's, ready to run.
struct Product {
  dnnl::primitive primitive;
  dnnl::memory::desc x, weights, bias, out, scratchpad;
  dnnl::memory packed;  // weights as the primitive wants them; empty when they are not constant
  dnnl::memory::desc given;  // how they are given then
  // The chain, where oneDNN does not do it on the way, and the rows it is applied to.
  std::vector<std::int64_t> chain;
  std::size_t rows = 1, row_elements = 0, pitch = 0;
  // Instead of a primitive: oneDNN would lay constant weights out anew for each call.
  std::variant<std::monostate, PanelProduct, PanelConv, WinogradConv> panels;
};

void finish(Product& product, const Chain& chain, bool on_the_way, const Array& out) {
  if (on_the_way) return;
  encode(chain, ElementType::f32, product.chain);
  const Region region = region_of(out);
  product.rows = region.rows;
  product.row_elements = region.row_bytes / sizeof(float);
  product.pitch = region.pitch / sizeof(float);
}

dnnl::primitive_attr attributes_for(const Chain& chain, bool& on_the_way) {
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  dnnl::post_ops operations;
  on_the_way = append(chain, operations);
  if (on_the_way) attributes.set_post_ops(operations);
  return attributes;
}

dnnl::memory::desc desc_of(const Array& array) { return onnx::desc_of(array.dims, array.strides); }

// Weights with their groups in front, output channels before input channels.
dnnl::memory::desc weights_of(const ConvShape& shape, const Array& weights) {
  const std::int64_t groups = shape.groups;
  Dims dims = weights.dims, strides = weights.strides;
  dims[0] /= groups;
  const std::int64_t group_stride = dims[0] * strides[0];
  if (shape.transposed) {
    std::swap(dims[0], dims[1]);
    std::swap(strides[0], strides[1]);
  }
  if (groups > 1) {
    dims.insert(dims.begin(), groups);
    strides.insert(strides.begin(), group_stride);
  }
  return onnx::desc_of(dims, strides);
}

Dims less_one(Dims dims) {
  for (std::int64_t& dim : dims) dim -= 1;
  return dims;
}

// Forward is a convolution or its transpose.
template <class Forward>
Product conv(const ConvStep& what, const Step& step, dnnl::algorithm algorithm,
             const Storage& weights, PackedWeights& packed) {
  Product product;
  bool on_the_way = false;
  const auto attributes = attributes_for(what.epilogue, on_the_way);
  product.x = desc_of(step.reads[0]);
  product.bias = desc_of(step.reads[2]);
  product.out = desc_of(step.write);
  product.given = weights_of(what.shape, step.reads[1]);
  const dnnl::memory::desc any{product.given.dims(), Kind::f32, dnnl::memory::format_tag::any};
  const typename Forward::desc description{dnnl::prop_kind::forward_inference,
                                           algorithm,
                                           product.x,
                                           any,
                                           product.bias,
                                           product.out,
                                           what.shape.strides,
                                           less_one(what.shape.dilations),
                                           what.shape.pads_begin,
                                           what.shape.pads_end};
  const typename Forward::primitive_desc chosen{description, attributes, cpu()};
  product.primitive = Forward{chosen};
  product.weights = chosen.weights_desc();
  product.scratchpad = chosen.scratchpad_desc();
  if (weights.kind == Storage::Kind::constant)
    product.packed =
        packed.pack(weights.data, region_of(step.reads[1]).offset, product.given, product.weights);
  finish(product, what.epilogue, on_the_way, step.write);
  return product;
}

bool is_positive_part(const Chain& chain) {
  dnnl::post_ops operations;
  dnnl::algorithm algorithm{};
  float scale = 0, alpha = 0, beta = 0;
  if (chain.code.empty() || !append(chain, operations)) return false;
  operations.get_params_eltwise(0, scale, algorithm, alpha, beta);
  return algorithm == dnnl::algorithm::eltwise_relu;
}

// Of matrices, with nothing to add but one value a column, or for all of them.
bool fits_panels(const Step& step, const Storage& weights) {
  const Array &x = step.reads[0], &out = step.write;
  const bool plain = out.rank() == 2 && out.strides[1] == 1 && x.strides[1] == 1 &&
                     weights.kind == Storage::Kind::constant;
  if (!plain || step.reads.size() < 3) return plain;
  const Dims strides = broadcast(step.reads[2], out.dims).strides;
  return (strides[0] == 0 || out.dims[0] == 1) && (strides[1] == 0 || strides[1] == 1);
}

Product panel_product(const MatMulStep& what, const Step& step, const Storage& weights,
                      PackedWeights& packed) {
  const Array &x = step.reads[0], &w = step.reads[1], &out = step.write;
  Product product;
  const bool positive = is_positive_part(what.epilogue);
  auto& panels = product.panels.emplace<PanelProduct>();
  panels.rows = static_cast<std::size_t>(out.dims[0]);
  panels.inner = static_cast<std::size_t>(x.dims[1]);
  panels.columns = static_cast<std::size_t>(out.dims[1]);
  panels.x_pitch = static_cast<std::size_t>(x.strides[0]);
  panels.y_pitch = static_cast<std::size_t>(out.strides[0]);
  if (step.reads.size() == 3)
    panels.bias_stride = static_cast<std::size_t>(broadcast(step.reads[2], out.dims).strides[1]);
  panels.positive = positive;
  // oneDNN knows panels as channels of pictures with one row.
  const Dims dims{1, w.dims[1], w.dims[0]};
  product.packed =
      packed.pack(weights.data, region_of(w).offset,
                  onnx::desc_of(dims, {w.dims[1] * w.dims[0], w.strides[1], w.strides[0]}),
                  {dims, Kind::f32, dnnl::memory::format_tag::aBc16b});
  finish(product, what.epilogue, positive || what.epilogue.code.empty(), out);
  return product;
}

Product matmul(const MatMulStep& what, const Step& step) {
  Product product;
  bool on_the_way = false;
  const auto attributes = attributes_for(what.epilogue, on_the_way);
  product.x = desc_of(step.reads[0]);
  product.given = product.weights = desc_of(step.reads[1]);
  product.out = desc_of(step.write);
  if (step.reads.size() == 3) product.bias = desc_of(step.reads[2]);
  const auto description =
      step.reads.size() == 3
          ? dnnl::matmul::desc{product.x, product.weights, product.bias, product.out}
          : dnnl::matmul::desc{product.x, product.weights, product.out};
  const dnnl::matmul::primitive_desc chosen{description, attributes, cpu()};
  product.primitive = dnnl::matmul{chosen};
  product.scratchpad = chosen.scratchpad_desc();
  finish(product, what.epilogue, on_the_way, step.write);
  return product;
}

void apply_chain(const Product& product, std::byte* out) {
  for (std::size_t row = 0; row < product.rows; ++row) {
    auto* const at = reinterpret_cast<float*>(out) + row * product.pitch;
    run_chain<float>(product.chain.data(), {ChainInput<float>{at}}, 1, at, 1,
                     static_cast<std::int64_t>(product.row_elements));
  }
}

// Weights that are no constant are laid out anew for each call.
dnnl::memory weights_for(const Product& product, const std::byte* given) {
  if (product.packed) return product.packed;
  dnnl::memory source = memory_at(product.given, given);
  if (product.given == product.weights) return source;
  dnnl::memory packed{product.weights, cpu()};
  execute(dnnl::reorder{source, packed}, {}, {{DNNL_ARG_FROM, source}, {DNNL_ARG_TO, packed}});
  return packed;
}

bool run_panels(const Product& product, const HostArgs& args) {
  const auto run_them = [&](const auto& panels) {
    run(panels, reinterpret_cast<const float*>(args.in[0]),
        static_cast<const float*>(product.packed.get_data_handle()),
        reinterpret_cast<const float*>(args.in[2]), reinterpret_cast<float*>(args.out));
  };
  if (const auto* conv = std::get_if<PanelConv>(&product.panels)) run_them(*conv);
  else if (const auto* few = std::get_if<WinogradConv>(&product.panels)) run_them(*few);
  else if (const auto* matrix = std::get_if<PanelProduct>(&product.panels)) run_them(*matrix);
  else return false;
  if (!product.chain.empty()) apply_chain(product, args.out);
  return true;
}

void run_product(const HostArgs& args) {
  const Product& product = *static_cast<const Product*>(args.state);
  if (run_panels(product, args)) return;
  std::unordered_map<int, dnnl::memory> memories{
      {DNNL_ARG_SRC, memory_at(product.x, args.in[0])},
      {DNNL_ARG_WEIGHTS, weights_for(product, args.in[1])},
      {DNNL_ARG_DST, memory_at(product.out, args.out)}};
  if (args.in[2] != nullptr) memories.emplace(DNNL_ARG_BIAS, memory_at(product.bias, args.in[2]));
  execute(product.primitive, product.scratchpad, std::move(memories));
  if (!product.chain.empty()) apply_chain(product, args.out);
}

// Of pictures, densely with channels last, whose results fill whole panels.
bool fits_panels(const ConvStep& what, const Step& step, const Storage& weights) {
  const Array &x = step.reads[0], &out = step.write;
  const auto is_dense_picture = [](const Array& a) {
    return a.strides[1] == 1 && a.strides[3] == a.dims[1] &&
           a.strides[2] == a.dims[3] * a.dims[1] &&
           (a.dims[0] == 1 || a.strides[0] == a.dims[2] * a.strides[2]);
  };
  return weights.kind == Storage::Kind::constant && !what.shape.transposed &&
         what.shape.groups == 1 && x.rank() == 4 && is_dense_picture(x) && is_dense_picture(out) &&
         out.dims[1] % PanelProduct::panel_columns == 0 &&
         std::ranges::all_of(what.shape.dilations, [](auto dilation) { return dilation == 1; });
}

Product panel_conv(const ConvStep& what, const Step& step, const Storage& weights,
                   PackedWeights& packed) {
  const Array &x = step.reads[0], &w = step.reads[1], &out = step.write;
  const auto size = [](std::int64_t value) { return static_cast<std::size_t>(value); };
  const ConvShape& shape = what.shape;
  Product product;
  const bool positive = is_positive_part(what.epilogue);
  const PanelConv conv{size(x.dims[0]),           size(x.dims[2]),
                       size(x.dims[3]),           size(x.dims[1]),
                       size(w.dims[2]),           size(w.dims[3]),
                       size(shape.strides[0]),    size(shape.strides[1]),
                       size(shape.pads_begin[0]), size(shape.pads_end[0]),
                       size(shape.pads_begin[1]), size(shape.pads_end[1]),
                       size(out.dims[2]),         size(out.dims[3]),
                       size(out.dims[1]),         positive};
  const std::size_t offset = region_of(w).offset;
  if (fits_winograd(conv)) {
    product.panels = WinogradConv{conv};
    // Of a size that no layout of oneDNN's for these weights has.
    const dnnl::memory::desc to{{static_cast<std::int64_t>(winograd_places), w.dims[1], w.dims[0]},
                                Kind::f32,
                                dnnl::memory::format_tag::abc};
    product.packed = packed.make(weights.data, offset, to, [&](dnnl::memory& made) {
      transform_weights(conv, reinterpret_cast<const float*>(weights.data.get() + offset),
                        w.strides, static_cast<float*>(made.get_data_handle()));
    });
  } else {
    product.panels = conv;
    product.packed = packed.pack(weights.data, offset, onnx::desc_of(w.dims, w.strides),
                                 {w.dims, Kind::f32, dnnl::memory::format_tag::Acdb16a});
  }
  finish(product, what.epilogue, positive || what.epilogue.code.empty(), out);
  return product;
}

Product product_of(const Step& step, const Storage& weights, PackedWeights& packed) {
  if (const auto* product = std::get_if<MatMulStep>(&step.what))
    return fits_panels(step, weights) ? panel_product(*product, step, weights, packed)
                                      : matmul(*product, step);
  const auto& what = std::get<ConvStep>(step.what);
  if (fits_panels(what, step, weights)) return panel_conv(what, step, weights, packed);
  if (what.shape.transposed)
    return conv<dnnl::deconvolution_forward>(what, step, dnnl::algorithm::deconvolution_direct,
                                             weights, packed);
  return conv<dnnl::convolution_forward>(what, step, dnnl::algorithm::convolution_direct, weights,
                                         packed);
}

}  // namespace

std::shared_ptr<const void> prepare(const Step& step, const std::vector<Storage>& storages,
                                    PackedWeights& packed) {
  if (!std::holds_alternative<MatMulStep>(step.what) &&
      !std::holds_alternative<ConvStep>(step.what))
    return nullptr;
  const OneThread one;
  try {
    return std::make_shared<const Product>(
        product_of(step, storages[step.reads[1].storage], packed));
  } catch (const dnnl::error& error) {
    refuse(Code::unsupported, step.node + ": oneDNN: " + error.what());
  }
}

void add_product_kernels(std::vector<KernelSpec>& to) {
  const std::vector<Type> two(2, Type::f32), three(3, Type::f32);
  to.push_back({"onnx.conv.f32", three, Type::f32, run_product});
  to.push_back({"onnx.conv_transpose.f32", three, Type::f32, run_product});
  to.push_back({"onnx.matmul.f32", two, Type::f32, run_product});
  to.push_back({"onnx.matmul_add.f32", three, Type::f32, run_product});
}

}  // namespace troika::onnx
