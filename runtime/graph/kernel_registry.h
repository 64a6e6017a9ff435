// The operations a runtime knows, by name.
#pragma once

#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "runtime/base/result.h"
#include "runtime/graph/operation.h"
#include "runtime/graph/typed.h"

namespace troika {

// Thread-safe. Operations are never removed and keep their address; one is not changed any more
// once a plan uses it.
class KernelRegistry {
 public:
  // Adds an operation, or images to one of the same parameters. Code::invalid_argument when the
  // name is taken by other parameters or a dialect is given twice.
  Status define(Operation operation);
  // Null when unknown.
  const Operation* find(std::string_view name) const;

 private:
  mutable std::mutex mutex_;  // protects operations_
  std::deque<Operation> operations_;
};

// define(saxpy).host([](HostView<const float> x, HostView<float> y, float a) {...})
//              .opencl_c(source).work(...).into(registry);
template <class Signature>
class KernelBuilder {
 public:
  explicit KernelBuilder(const Kernel<Signature>& kernel) : kernel_{kernel} {
    operation_.name = kernel.name();
    operation_.params = params_of(kernel);
  }

  template <class F>
  KernelBuilder& host(F function) {
    return image(Dialect::host, std::move(function));
  }
  // The effect of the operation on a simulated device.
  template <class F>
  KernelBuilder& sim(F function) {
    return image(Dialect::sim, std::move(function));
  }
  // `code` defines a kernel called `entry` (by default the operation's name). Each buffer parameter
  // is two arguments there: a __global pointer to the allocation and a ulong byte offset.
  KernelBuilder& opencl_c(std::string code, std::string entry = {}, std::string options = {}) {
    return code_image(Dialect::opencl_c, std::move(code), std::move(entry), std::move(options));
  }
  // The same in CUDA C, where an unmangled (extern "C") __global__ function takes a pointer and an
  // unsigned 64-bit byte offset for each buffer; or PTX, cubin or fatbin made of it. Blocks are of
  // one size, so threads beyond the launch shape come too, and must return.
  KernelBuilder& cuda(std::string code, std::string entry = {}, std::string options = {}) {
    return code_image(Dialect::ptx, std::move(code), std::move(entry), std::move(options));
  }
  // A kernel called `entry` in the images that FPGA devices are opened with. Each buffer parameter
  // is two arguments there: a pointer and a 64-bit byte offset.
  KernelBuilder& xclbin(std::string entry = {}) {
    return code_image(Dialect::xclbin, {}, std::move(entry), {});
  }
  KernelBuilder& shape(LaunchShape (*function)(std::span<const Arg>)) {
    operation_.shape = function;
    return *this;
  }
  KernelBuilder& work(Work (*function)(std::span<const Arg>)) {
    operation_.work = function;
    return *this;
  }
  // Implementations may differ by this many units in the last place; without it, not at all.
  KernelBuilder& ulps(unsigned bound) {
    operation_.exactness = {false, bound};
    return *this;
  }
  KernelBuilder& idempotent(bool value) {
    operation_.idempotent = value;
    return *this;
  }
  Operation take() { return std::move(operation_); }
  Status into(KernelRegistry& registry) { return registry.define(take()); }

 private:
  KernelImage blank(Dialect dialect) const {
    KernelImage result;
    result.operation = operation_.name;
    result.dialect = dialect;
    result.params = operation_.params;
    return result;
  }
  KernelBuilder& code_image(Dialect dialect, std::string code, std::string entry,
                            std::string options) {
    KernelImage added = blank(dialect);
    added.code = std::move(code);
    added.entry = entry.empty() ? operation_.name : std::move(entry);
    added.options = std::move(options);
    operation_.images.push_back(std::move(added));
    return *this;
  }
  template <class F>
  KernelBuilder& image(Dialect dialect, F function) {
    KernelImage added = blank(dialect);
    added.spawns = spawns(kernel_, function);
    added.function = host_function(kernel_, std::move(function));
    operation_.images.push_back(std::move(added));
    return *this;
  }

  Kernel<Signature> kernel_;
  Operation operation_;
};

template <class Signature>
KernelBuilder<Signature> define(const Kernel<Signature>& kernel) {
  return KernelBuilder<Signature>{kernel};
}

}  // namespace troika
