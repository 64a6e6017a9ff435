#include "serving/onnx/kernels/chain_loop.h"
#include "serving/onnx/kernels/conv.h"
#include "serving/onnx/kernels/dnnl.h"

namespace troika::onnx {
namespace {

using Kind = dnnl::memory::data_type;

// A primitive of oneDNN's, ready to run.
struct Product {
  dnnl::primitive primitive;
  dnnl::memory::desc x, weights, bias, out, scratchpad;
  dnnl::memory packed;  // weights as the primitive wants them; empty when they are not constant
  dnnl::memory::desc given;  // how they are given then
  // The chain, where oneDNN does not do it on the way, and the rows it is applied to.
  std::vector<std::int64_t> chain;
  std::size_t rows = 1, row_elements = 0, pitch = 0;
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

void run_product(const HostArgs& args) {
  const Product& product = *static_cast<const Product*>(args.state);
  std::unordered_map<int, dnnl::memory> memories{
      {DNNL_ARG_SRC, memory_at(product.x, args.in[0])},
      {DNNL_ARG_WEIGHTS, weights_for(product, args.in[1])},
      {DNNL_ARG_DST, memory_at(product.out, args.out)}};
  if (args.in[2] != nullptr) memories.emplace(DNNL_ARG_BIAS, memory_at(product.bias, args.in[2]));
  execute(product.primitive, product.scratchpad, std::move(memories));
  if (!product.chain.empty()) apply_chain(product, args.out);
}

Product product_of(const Step& step, const Storage& weights, PackedWeights& packed) {
  if (const auto* product = std::get_if<MatMulStep>(&step.what)) return matmul(*product, step);
  const auto& what = std::get<ConvStep>(step.what);
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
