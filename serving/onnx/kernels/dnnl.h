// oneDNN on one thread: a worker runs one task, and Troika has as many as there are cores.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include <oneapi/dnnl/dnnl.hpp>

#include "serving/onnx/array.h"
#include "serving/onnx/chain.h"

namespace troika::onnx {

// Debian's oneDNN makes threads by OpenMP, as many as the calling thread is set to: one, while this
// lives.
class OneThread {
 public:
  OneThread() noexcept;
  ~OneThread();
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  int before_;
};

const dnnl::engine& cpu();
dnnl::memory::desc desc_of(const Dims& dims, const Dims& strides);
inline dnnl::memory memory_at(const dnnl::memory::desc& desc, const std::byte* at) {
  return {desc, cpu(), const_cast<std::byte*>(at)};
}

// The chain as what oneDNN does to results on the way; false when it has no such operation.
bool append(const Chain& chain, dnnl::post_ops& to);

// A primitive with the bytes that it works with on the calling thread.
void execute(const dnnl::primitive& primitive, const dnnl::memory::desc& scratchpad,
             std::unordered_map<int, dnnl::memory> args);

// Thread-safe. Shared by the plans of a session; given up when the weights they were made of are.
class PackedWeights {
 public:
  // `from` lies at `offset` bytes of `data`.
  dnnl::memory pack(const std::shared_ptr<std::byte>& data, std::size_t offset,
                    const dnnl::memory::desc& from, const dnnl::memory::desc& to);
  // What `make` fills, in a form of its own that `to` says the size of.
  dnnl::memory make(const std::shared_ptr<std::byte>& data, std::size_t offset,
                    const dnnl::memory::desc& to, const std::function<void(dnnl::memory&)>& make);
  std::size_t bytes() const;

 private:
  struct Entry {
    std::weak_ptr<std::byte> data;
    dnnl::memory::desc to;
    dnnl::memory packed;
  };
  mutable std::mutex mutex_;  // protects entries_
  std::multimap<const std::byte*, Entry> entries_;
};

}  // namespace troika::onnx
