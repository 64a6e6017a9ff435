// A thousand vector additions with Troika: one plan, replayed.
#include <vector>

#include "bench/peers/vector_adds.h"
#include "runtime/troika.h"

namespace troika::bench {
namespace {

constexpr Kernel<void(Read<float>, Read<float>, Write<float>)> add{"add"};
constexpr const char* add_opencl =
    "kernel void add(global const float* x, ulong x0, global const float* y, ulong y0,"
    "                global float* z, ulong z0) {"
    "  size_t i = get_global_id(0); z[z0 / 4 + i] = x[x0 / 4 + i] + y[y0 / 4 + i]; }";

class TroikaVectorAdds final : public VectorAdds {
 public:
  TroikaVectorAdds(const VectorAddsShape& shape, Layout layout, const std::string& memory)
      : shape_{shape},
        memory_{memory},
        together_{layout == Layout::views ? shape.tasks : 1},
        runtime_{options(memory)} {
    throw_if_failed(define(add).opencl_c(add_opencl).into(runtime_.kernels()));
    for (std::uint32_t first = 0; first < shape.tasks; first += together_) {
      for (auto* list : {&x_, &y_, &z_})
        list->push_back(runtime_.buffer<float>(shape.elements * together_));
      const auto x = x_.back().write(), y = y_.back().write();
      for (std::size_t at = 0; at < x.size(); ++at) {
        const std::size_t i = at % shape.elements;
        x[at] = x_of(first + static_cast<std::uint32_t>(at / shape.elements), i);
        y[at] = y_of(i);
      }
    }
    Graph graph;
    for (std::uint32_t task = 0; task < shape.tasks; ++task)
      graph.add(add, view(x_, task), view(y_, task), view(z_, task));
    plan_.emplace(runtime_.compile(graph));
    z_at_.resize(z_.size());
  }

  std::string name() const override {
    return "troika, " + std::to_string(3 * z_.size()) + " buffers, memory=" + memory_;
  }
  void run() override { runtime_.run(*plan_).wait(); }
  void read_back() override {
    for (std::size_t b = 0; b < z_.size(); ++b) z_at_[b] = z_[b].read().data();
  }
  const float* z(std::uint32_t task) const override {
    return z_at_[task / together_] + first_element(task);
  }
  std::optional<std::uint64_t> bytes_copied() const override {
    return runtime_.counters().bytes_copied;
  }

 private:
  static RuntimeOptions options(const std::string& memory) {
    RuntimeOptions wanted;
    wanted.devices = {"opencl"};
    wanted.backends = "opencl.memory=" + memory;
    return wanted;
  }
  std::size_t first_element(std::uint32_t task) const { return task % together_ * shape_.elements; }
  View<float> view(const std::vector<Buffer<float>>& buffers, std::uint32_t task) const {
    return buffers[task / together_].slice(first_element(task), shape_.elements);
  }

  const VectorAddsShape shape_;
  const std::string memory_;
  const std::uint32_t together_;  // tasks that share a buffer
  Runtime runtime_;
  std::vector<Buffer<float>> x_, y_, z_;
  std::vector<const float*> z_at_;
  std::optional<Plan> plan_;
};

}  // namespace

std::unique_ptr<VectorAdds> make_troika_vector_adds(const VectorAddsShape& shape, Layout layout,
                                                    const std::string& memory) {
  return std::make_unique<TroikaVectorAdds>(shape, layout, memory);
}

}  // namespace troika::bench
