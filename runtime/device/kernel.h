// A kernel as a device sees it: an image to load, then arguments and a shape to launch it with.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "runtime/base/ids.h"
#include "runtime/base/result.h"
#include "runtime/device/memory.h"

namespace troika {

enum class Dialect : std::uint8_t { host, opencl_c, ptx, xclbin, sim };
std::string_view name_of(Dialect dialect) noexcept;

enum class Access : std::uint8_t { read, write, update, commute };
std::string_view name_of(Access access) noexcept;
constexpr bool writes(Access access) noexcept { return access != Access::read; }
constexpr bool reads(Access access) noexcept { return access != Access::write; }

enum class Type : std::uint8_t { u8, i8, u16, i16, i32, u32, i64, u64, f32, f64 };
std::string_view name_of(Type type) noexcept;
std::size_t size_of(Type type) noexcept;

template <class T>
constexpr Type type_of() noexcept {
  using U = std::remove_cv_t<T>;
  if constexpr (std::is_same_v<U, std::uint8_t> || std::is_same_v<U, std::byte>) return Type::u8;
  else if constexpr (std::is_same_v<U, std::int8_t>) return Type::i8;
  else if constexpr (std::is_same_v<U, std::uint16_t>) return Type::u16;
  else if constexpr (std::is_same_v<U, std::int16_t>) return Type::i16;
  else if constexpr (std::is_same_v<U, std::int32_t>) return Type::i32;
  else if constexpr (std::is_same_v<U, std::uint32_t>) return Type::u32;
  else if constexpr (std::is_same_v<U, std::int64_t>) return Type::i64;
  else if constexpr (std::is_same_v<U, std::uint64_t>) return Type::u64;
  else if constexpr (std::is_same_v<U, float>) return Type::f32;
  else {
    static_assert(std::is_same_v<U, double>, "no kernel argument has this type");
    return Type::f64;
  }
}

// One scalar argument, by value.
struct Scalar {
  Type type = Type::i32;
  alignas(8) std::array<std::byte, 8> bytes{};

  template <class T>
  static Scalar of(T value) noexcept {
    Scalar s;
    s.type = type_of<T>();
    std::memcpy(s.bytes.data(), &value, sizeof value);
    return s;
  }
  template <class T>
  T as() const noexcept {
    T value;
    std::memcpy(&value, bytes.data(), sizeof value);
    return value;
  }
};

// A parameter of an operation.
struct Param {
  bool is_buffer = false;
  Type type = Type::f32;         // element type of a buffer, type of a scalar
  Access access = Access::read;  // buffers only
};

// An argument of one launch. Buffers reach every dialect as a base and a byte offset; a dialect
// that can use rows and pitch (host, sim) finds them here too.
struct KernelArg {
  Span2D span;  // span.in is null for a scalar
  Scalar scalar;

  bool is_buffer() const noexcept { return span.in != nullptr; }
};

struct LaunchShape {
  std::array<std::size_t, 3> global{1, 1, 1};
  std::array<std::size_t, 3> local{0, 0, 0};  // 0: the device chooses
  friend bool operator==(const LaunchShape&, const LaunchShape&) = default;
};

// What a running host kernel may ask of the runtime; opaque to devices. Defined in runtime/exec.
class TaskContext;

// One call of a host kernel. Buffer arguments lie in the host's space.
struct HostCall {
  std::span<const KernelArg> args;
  TaskContext* context = nullptr;  // null outside a runtime
};

// A host implementation. May throw: the task then fails with what() as its cause.
struct HostFunction {
  void (*call)(const void* state, const HostCall& call) = nullptr;
  std::shared_ptr<const void> state;  // kept alive as long as any image of it
};

// Within a handler: what was thrown, as Code::kernel_failed.
Status thrown_by(std::string_view operation) noexcept;

// The boundary to the user's code: whatever it throws becomes Code::kernel_failed.
inline Status call_user(std::string_view operation, const HostFunction& function,
                        const HostCall& call) noexcept {
  try {
    function.call(function.state.get(), call);
  } catch (...) {
    return thrown_by(operation);
  }
  return {};
}

// One implementation of an operation, for devices that take its dialect.
struct KernelImage {
  std::string operation;  // "saxpy"
  Dialect dialect = Dialect::host;
  std::vector<Param> params;  // in the order of the arguments
  HostFunction function;      // dialects host and sim
  std::string entry;          // function name within `code`
  std::string code;           // source or binary, by dialect
  std::string options;        // for the vendor's compiler
  std::size_t cores_max = 1;  // host: how many cores one call can use
  bool spawns = false;        // may submit sub-graphs, so that its end is not its result's
};

// An image loaded on one device; destroyed before the device, when no launch of it is in flight.
class LoadedKernel {
 public:
  virtual ~LoadedKernel() = default;
};

}  // namespace troika
