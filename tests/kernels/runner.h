// Runs one kernel on buffers of a test, in one dialect, without a runtime.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "kernels/image.h"
#include "kernels/tile.h"
#include "runtime/graph/operation.h"

namespace troika::kernels {

// A view of a test's buffer, or a scalar.
struct CallArg {
  std::span<std::byte> bytes;  // the whole buffer
  Region region;
  Scalar scalar;

  template <class T, class = std::enable_if_t<std::is_arithmetic_v<T>>>
  CallArg(T value) : scalar{Scalar::of(value)} {}
  CallArg(std::span<std::byte> all, Region view) : bytes{all}, region{view} {}
};

template <class T>
CallArg view(Image<T>& image, Rect at) {
  const auto pixel = static_cast<std::size_t>(image.channels) * sizeof(T);
  return {
      std::as_writable_bytes(std::span{image.samples}),
      Region::rectangle(
          static_cast<std::size_t>(at.y) * image.pitch() + static_cast<std::size_t>(at.x) * pixel,
          static_cast<std::size_t>(at.w) * pixel, static_cast<std::size_t>(at.h), image.pitch())};
}
template <class T>
CallArg table(std::vector<T>& elements, std::size_t first, std::size_t count) {
  return {std::as_writable_bytes(std::span{elements}),
          Region::bytes(first * sizeof(T), count * sizeof(T))};
}
template <class T>
std::uint32_t pitch(const Image<T>& image) {
  return static_cast<std::uint32_t>(image.pitch());
}

class Runner {
 public:
  virtual ~Runner() = default;
  // Code::invalid_argument when the arguments are not the operation's.
  Status run(const Operation& operation, std::span<const CallArg> args);

 private:
  virtual Status launch(const Operation& operation, std::span<const CallArg> args,
                        const LaunchShape& shape) = 0;
};

std::unique_ptr<Runner> host_runner();
// Code::unavailable when there is no OpenCL device.
Result<std::unique_ptr<Runner>> opencl_runner();
// On the first CUDA device, through its backend. Code::unavailable when there is none.
Result<std::unique_ptr<Runner>> cuda_runner();

}  // namespace troika::kernels
