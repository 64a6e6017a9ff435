// A thousand small vector additions on an OpenCL device, as their benchmark sees a runtime.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace troika::bench {

struct VectorAddsShape {
  std::uint32_t tasks;
  std::size_t elements;  // of type float, of one task
};

// z = x + y for each task, with z[i] = task + 2 i; what it holds is checked.
class VectorAdds {
 public:
  virtual ~VectorAdds() = default;
  virtual std::string name() const = 0;
  // Adds once; returns when all of it is done.
  virtual void run() = 0;
  // Makes what run() computed visible to the host.
  virtual void read_back() = 0;
  // Behind read_back(): the task's `elements` results.
  virtual const float* z(std::uint32_t task) const = 0;
  // Since it was made; none where the runtime does not count them.
  virtual std::optional<std::uint64_t> bytes_copied() const = 0;
  // Around run() and read_back(): threads that spin are still while others are measured.
  virtual void resume() {}
  virtual void pause() {}
};

inline float x_of(std::uint32_t task, std::size_t i) {
  return static_cast<float>(task) + static_cast<float>(i);
}
inline float y_of(std::size_t i) { return static_cast<float>(i); }

enum class Layout : std::uint8_t { views, buffers };

// `memory` as the OpenCL backend's option of that name. Throws Error without an OpenCL device.
std::unique_ptr<VectorAdds> make_troika_vector_adds(const VectorAddsShape& shape, Layout layout,
                                                    const std::string& memory);
// With an event for each launch it is asked how that ended and when, as a runtime must.
enum class Events : std::uint8_t { none, each_launch };
// Throws where it finds no OpenCL device.
std::unique_ptr<VectorAdds> make_opencl_vector_adds(const VectorAddsShape& shape, Events events);
// Throws where it was not installed when this was built, or finds no OpenCL device.
std::unique_ptr<VectorAdds> make_starpu_vector_adds(const VectorAddsShape& shape);

}  // namespace troika::bench
