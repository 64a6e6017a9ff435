#include "serving/onnx/kernels/dnnl.h"

#include <memory>

#include <omp.h>

namespace troika::onnx {
namespace {

// Grows to the largest scratchpad that a primitive on this thread has asked for.
std::byte* scratch(std::size_t bytes) {
  thread_local std::unique_ptr<std::byte[]> kept;
  thread_local std::size_t size = 0;
  constexpr std::size_t alignment = 64;
  if (bytes + alignment > size) {
    kept.reset(new std::byte[bytes + alignment]);
    size = bytes + alignment;
  }
  void* at = kept.get();
  std::size_t room = size;
  return static_cast<std::byte*>(std::align(alignment, bytes, at, room));
}

bool is(const Instruction& i, Math op, int a) { return i.op == op && i.a == a; }

}  // namespace

OneThread::OneThread() noexcept : before_{omp_get_max_threads()} { omp_set_num_threads(1); }
OneThread::~OneThread() { omp_set_num_threads(before_); }

const dnnl::engine& cpu() {
  static const dnnl::engine engine{dnnl::engine::kind::cpu, 0};
  return engine;
}

dnnl::memory::desc desc_of(const Dims& dims, const Dims& strides) {
  return {dims, dnnl::memory::data_type::f32, strides};
}

bool append(const Chain& chain, dnnl::post_ops& to) {
  using dnnl::algorithm;
  const auto& code = chain.code;
  const auto constant = [&](int operand) {
    return static_cast<float>(chain.constants[static_cast<std::size_t>(-1 - operand)]);
  };
  if (code.empty()) return true;
  if (chain.inputs != 1) return false;
  if (code.size() == 1 && is(code[0], Math::max, 0) && code[0].b < 0 && constant(code[0].b) == 0) {
    to.append_eltwise(1, algorithm::eltwise_relu, 0, 0);
  } else if (code.size() == 1 && is(code[0], Math::sigmoid, 0)) {
    to.append_eltwise(1, algorithm::eltwise_logistic, 0, 0);
  } else if (code.size() == 1 && is(code[0], Math::tanh, 0)) {
    to.append_eltwise(1, algorithm::eltwise_tanh, 0, 0);
  } else if (code.size() == 2 && is(code[0], Math::max, 0) && code[0].b < 0 &&
             is(code[1], Math::min, 1) && code[1].b < 0) {
    to.append_eltwise(1, algorithm::eltwise_clip, constant(code[0].b), constant(code[1].b));
  } else if (code.size() == 2 && is(code[0], Math::sigmoid, 0) && code[1].op == Math::mul &&
             code[1].a + code[1].b == 1 && code[1].a * code[1].b == 0) {
    to.append_eltwise(1, algorithm::eltwise_swish, 1, 0);
  } else {
    return false;
  }
  return true;
}

void execute(const dnnl::primitive& primitive, const dnnl::memory::desc& scratchpad,
             std::unordered_map<int, dnnl::memory> args) {
  const OneThread one;
  thread_local dnnl::stream stream{cpu()};
  if (const std::size_t bytes = scratchpad.get_size(); bytes > 0)
    args.emplace(DNNL_ARG_SCRATCHPAD, memory_at(scratchpad, scratch(bytes)));
  primitive.execute(stream, args);
  stream.wait();
}

dnnl::memory PackedWeights::pack(const std::shared_ptr<std::byte>& data, std::size_t offset,
                                 const dnnl::memory::desc& from, const dnnl::memory::desc& to) {
  const std::byte* const at = data.get() + offset;
  if (from == to) return memory_at(from, at);
  return make(data, offset, to, [&](dnnl::memory& packed) {
    dnnl::memory source = memory_at(from, at);
    execute(dnnl::reorder{source, packed}, {}, {{DNNL_ARG_FROM, source}, {DNNL_ARG_TO, packed}});
  });
}

dnnl::memory PackedWeights::make(const std::shared_ptr<std::byte>& data, std::size_t offset,
                                 const dnnl::memory::desc& to,
                                 const std::function<void(dnnl::memory&)>& make) {
  const std::byte* const at = data.get() + offset;
  const std::lock_guard lock{mutex_};
  std::erase_if(entries_, [](const auto& entry) { return entry.second.data.expired(); });
  const auto [first, last] = entries_.equal_range(at);
  for (auto entry = first; entry != last; ++entry)
    if (entry->second.to == to) return entry->second.packed;
  dnnl::memory packed{to, cpu()};
  make(packed);
  entries_.emplace(at, Entry{data, to, packed});
  return packed;
}

std::size_t PackedWeights::bytes() const {
  const std::lock_guard lock{mutex_};
  std::size_t sum = 0;
  for (const auto& [at, entry] : entries_) sum += entry.to.get_size();
  return sum;
}

}  // namespace troika::onnx
