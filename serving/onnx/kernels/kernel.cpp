#include "serving/onnx/kernels/kernel.h"

#include <algorithm>
#include <mutex>
#include <numeric>

#include "serving/onnx/kernels/conv.h"
#include "serving/onnx/kernels/elementwise.h"
#include "serving/onnx/kernels/windows.h"

namespace troika::onnx {
namespace {

std::map<std::string, KernelSpec, std::less<>> made() {
  std::vector<KernelSpec> specs;
  add_elementwise_kernels(specs);
  add_reducing_kernels(specs);
  add_placing_kernels(specs);
  add_product_kernels(specs);
  std::map<std::string, KernelSpec, std::less<>> named;
  for (KernelSpec& spec : specs) named.emplace(spec.name, std::move(spec));
  return named;
}

std::int64_t offset_in_region(const Array& array) {
  return array.offset - static_cast<std::int64_t>(region_of(array).offset / size_of(array.type));
}

// The dimensions in this order, neighbours joined when `join` says so.
std::vector<std::int64_t> encoded(std::span<const Array* const> arrays,
                                  std::span<const std::size_t> order, bool join) {
  Dims dims;
  std::vector<Dims> strides(arrays.size());
  const auto follows = [&](std::size_t d) {
    for (std::size_t k = 0; k < arrays.size(); ++k)
      if (strides[k].back() != arrays[k]->strides[d] * arrays[0]->dims[d]) return false;
    return true;
  };
  for (const std::size_t d : order) {
    const std::int64_t dim = arrays[0]->dims[d];
    if (join && dim == 1) continue;
    const bool joined = join && !dims.empty() && follows(d);
    if (joined) dims.back() *= dim;
    else dims.push_back(dim);
    for (std::size_t k = 0; k < arrays.size(); ++k) {
      if (joined) strides[k].back() = arrays[k]->strides[d];
      else strides[k].push_back(arrays[k]->strides[d]);
    }
  }
  if (dims.empty()) {
    dims.push_back(1);
    for (Dims& one : strides) one.push_back(0);
  }
  if (dims.size() > rank_max)
    refuse(Code::unsupported, "more than " + std::to_string(rank_max) + " dimensions");
  std::vector<std::int64_t> params{static_cast<std::int64_t>(dims.size())};
  params.insert(params.end(), dims.begin(), dims.end());
  for (std::size_t k = 0; k < arrays.size(); ++k) {
    params.push_back(offset_in_region(*arrays[k]));
    params.insert(params.end(), strides[k].begin(), strides[k].end());
  }
  return params;
}

// Inputs, params, output, then items, state and flops.
HostFunction host_function_of(const KernelSpec& spec) {
  HostFunction function;
  function.state = {std::shared_ptr<const void>{}, &spec};  // lives as long as the program
  function.call = [](const void* state, const HostCall& call) {
    const auto at = [](const KernelArg& arg) { return arg.span.in->host() + arg.span.offset; };
    const std::size_t inputs = call.args.size() - 5;
    HostArgs args;
    for (std::size_t i = 0; i < inputs; ++i) args.in[i] = at(call.args[i]);
    args.params = reinterpret_cast<const std::int64_t*>(at(call.args[inputs]));
    args.out = at(call.args[inputs + 1]);
    args.state = reinterpret_cast<const void*>(call.args[inputs + 3].scalar.as<std::uint64_t>());
    static_cast<const KernelSpec*>(state)->host(args);
  };
  return function;
}

Operation operation_of(const KernelSpec& spec) {
  Operation operation;
  operation.name = spec.name;
  for (const Type type : spec.inputs) operation.params.push_back({true, type, Access::read});
  operation.params.push_back({true, Type::i64, Access::read});
  operation.params.push_back({true, spec.output, Access::write});
  for (const Type type : {Type::u64, Type::u64, Type::f64})
    operation.params.push_back({false, type, Access::read});
  operation.shape = [](std::span<const Arg> args) {
    LaunchShape shape;
    shape.global[0] = args[args.size() - 3].scalar.as<std::uint64_t>();
    return shape;
  };
  operation.work = [](std::span<const Arg> args) {
    Work work{args.back().scalar.as<double>(), 0};
    for (const Arg& arg : args)
      if (arg.is_buffer) work.bytes += static_cast<double>(arg.region.size());
    return work;
  };
  operation.exactness = {false, 1 << 20};
  operation.idempotent = true;
  KernelImage image;
  image.operation = spec.name;
  image.params = operation.params;
  image.dialect = Dialect::host;
  image.function = host_function_of(spec);
  operation.images.push_back(std::move(image));
  return operation;
}

}  // namespace

const std::map<std::string, KernelSpec, std::less<>>& all_kernels() {
  static const auto named = made();
  return named;
}

const KernelSpec& kernel(std::string_view name) {
  const auto found = all_kernels().find(name);
  if (found == all_kernels().end()) refuse(Code::internal, "no kernel " + std::string{name});
  return found->second;
}

Status define_kernels(KernelRegistry& registry) {
  static std::mutex mutex;  // two sessions of one runtime may begin at once
  const std::lock_guard lock{mutex};
  for (const auto& [name, spec] : all_kernels())
    if (registry.find(name) == nullptr) TROIKA_TRY(registry.define(operation_of(spec)));
  return {};
}

std::vector<std::int64_t> grid_of(std::span<const Array* const> arrays) {
  return encoded(arrays, order_of(*arrays[0]), true);
}

std::vector<std::int64_t> plain_grid_of(std::span<const Array* const> arrays) {
  std::vector<std::size_t> order(arrays[0]->rank());
  std::iota(order.begin(), order.end(), std::size_t{0});
  return encoded(arrays, order, false);
}

}  // namespace troika::onnx
