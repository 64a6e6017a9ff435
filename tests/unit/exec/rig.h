// A runtime on the host's workers alone, a few kernels, and what a call complains of.
#pragma once

#include <functional>
#include <numeric>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "backends/host/host.h"
#include "runtime/device/built_in.h"
#include "runtime/exec/service_thread.h"
#include "runtime/troika.h"

namespace troika {

inline constexpr Kernel<void(Write<int>, int)> fill{"fill"};            // each element := value
inline constexpr Kernel<void(Read<int>, Write<int>)> copy{"copy"};      // to := from
inline constexpr Kernel<void(Update<int>, int)> add{"add"};             // each element += value
inline constexpr Kernel<void(Update<int>, int, int)> affine{"affine"};  // x := a * x + b, wrapping

inline void define_kernels(Runtime& runtime) {
  const auto defined = [&](auto builder) { throw_if_failed(builder.into(runtime.kernels())); };
  defined(define(fill).host([](HostView<int> to, int value) {
    for (int& element : to) element = value;
  }));
  defined(define(copy).host([](HostView<const int> from, HostView<int> to) {
    for (std::size_t i = 0; i < to.size(); ++i) to[i] = from[i];
  }));
  defined(define(add).host([](HostView<int> x, int value) {
    for (int& element : x) element += value;
  }));
  defined(define(affine).host([](HostView<int> x, int a, int b) {
    for (int& element : x)
      element = static_cast<int>(static_cast<unsigned>(a) * static_cast<unsigned>(element) +
                                 static_cast<unsigned>(b));
  }));
}

inline RuntimeParts host_parts(unsigned workers) {
  RuntimeParts parts;
  parts.owned_environment = std::make_unique<ServiceThread>();
  parts.environment = parts.owned_environment.get();
  auto shared = std::make_unique<SharedPool>(value_or_throw(make_workers({workers})));
  parts.shared = shared.get();
  parts.workers = shared.get();
  parts.owned_workers = std::move(shared);
  BackendOptions wanted;
  wanted.environment = parts.environment;
  wanted.workers = parts.workers;
  parts.devices = std::move(value_or_throw(host_backend.open_all(wanted)).devices);
  return parts;
}

// What `call` throws, as it is shown to the user.
inline std::string error_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

class HostRuntime : public testing::Test {
 protected:
  using Run = troika::Run;  // not GoogleTest's

  explicit HostRuntime(unsigned workers = 2, RuntimeOptions options = {})
      : runtime{std::in_place, host_parts(workers), std::move(options)} {
    define_kernels(*runtime);
  }

  template <class Signature, class F>
  void define_host(const Kernel<Signature>& kernel, F function) {
    throw_if_failed(define(kernel).host(std::move(function)).into(runtime->kernels()));
  }
  Buffer<int> buffer_of(std::initializer_list<int> values) {
    Buffer<int> buffer = runtime->buffer<int>(values.size());
    std::copy(values.begin(), values.end(), buffer.write().begin());
    return buffer;
  }
  static std::vector<int> contents(const Buffer<int>& buffer) {
    const std::span<const int> elements = buffer.read();
    return {elements.begin(), elements.end()};
  }

  std::optional<Runtime> runtime;
};

}  // namespace troika
