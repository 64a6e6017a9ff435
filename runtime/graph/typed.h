// Kernels whose argument count, types and access modes the compiler checks.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>

#include "runtime/device/kernel.h"

namespace troika {

// Parameter kinds of a typed kernel. A plain arithmetic type is a scalar.
template <class T>
struct Read {};
template <class T>
struct Write {};
template <class T>
struct Update {};
template <class T>
struct Commute {};

template <class Signature>
class Kernel;

// inline constexpr troika::Kernel<void(Read<float>, Update<float>, float)> saxpy{"saxpy"};
template <class... Params>
class Kernel<void(Params...)> {
 public:
  constexpr explicit Kernel(const char* name) noexcept : name_{name} {}
  constexpr const char* name() const noexcept { return name_; }

 private:
  const char* name_;
};

// What a host function is given for a buffer: `rows` rows of `cols` elements.
template <class T>
class HostView {
 public:
  HostView(T* data, std::size_t cols, std::size_t rows, std::size_t pitch_bytes) noexcept
      : data_{data}, cols_{cols}, rows_{rows}, pitch_bytes_{pitch_bytes} {}

  T* data() const noexcept { return data_; }
  std::size_t cols() const noexcept { return cols_; }
  std::size_t rows() const noexcept { return rows_; }
  std::size_t size() const noexcept { return cols_ * rows_; }
  std::size_t pitch_bytes() const noexcept { return pitch_bytes_; }
  std::span<T> row(std::size_t y) const noexcept {
    using Byte = std::conditional_t<std::is_const_v<T>, const std::byte, std::byte>;
    return {reinterpret_cast<T*>(reinterpret_cast<Byte*>(data_) + y * pitch_bytes_), cols_};
  }
  // Elements of a view without gaps.
  T& operator[](std::size_t i) const noexcept { return data_[i]; }
  T* begin() const noexcept { return data_; }
  T* end() const noexcept { return data_ + size(); }

 private:
  T* data_;
  std::size_t cols_, rows_, pitch_bytes_;
};

namespace detail {

template <class P>
struct ParamTraits {  // a scalar
  static_assert(std::is_arithmetic_v<P>,
                "a kernel parameter is Read/Write/Update/Commute or scalar");
  static constexpr bool is_buffer = false;
  using Element = P;
  using Host = P;
  static constexpr Access access = Access::read;
  static Host host(const KernelArg& arg) noexcept { return arg.scalar.as<P>(); }
};

template <class T, class HostT, Access mode>
struct BufferParam {
  static constexpr bool is_buffer = true;
  using Element = T;
  using Host = HostView<HostT>;
  static constexpr Access access = mode;
  static Host host(const KernelArg& arg) noexcept {
    const Span2D& span = arg.span;
    return {reinterpret_cast<HostT*>(span.in->host() + span.offset), span.row_bytes / sizeof(T),
            span.rows, span.rows > 1 ? span.pitch : span.row_bytes};
  }
};
template <class T>
struct ParamTraits<Read<T>> : BufferParam<T, const T, Access::read> {};
template <class T>
struct ParamTraits<Write<T>> : BufferParam<T, T, Access::write> {};
template <class T>
struct ParamTraits<Update<T>> : BufferParam<T, T, Access::update> {};
template <class T>
struct ParamTraits<Commute<T>> : BufferParam<T, T, Access::commute> {};

template <class P>
constexpr Param param_of() noexcept {
  using Traits = ParamTraits<P>;
  return {Traits::is_buffer, type_of<typename Traits::Element>(), Traits::access};
}

// One that could do without a context, as a generic lambda could, is called without: then its tasks
// submit nothing.
template <class F, class... Params>
inline constexpr bool takes_context =
    std::is_invocable_v<const F&, TaskContext&, typename ParamTraits<Params>::Host...> &&
    !std::is_invocable_v<const F&, typename ParamTraits<Params>::Host...>;

template <class F, class... Params, std::size_t... I>
void call_host(const F& function, const HostCall& call, std::index_sequence<I...>) {
  if constexpr (takes_context<F, Params...>)
    function(*call.context, ParamTraits<Params>::host(call.args[I])...);
  else function(ParamTraits<Params>::host(call.args[I])...);
}

}  // namespace detail

template <class... Params>
std::vector<Param> params_of(const Kernel<void(Params...)>&) {
  return {detail::param_of<Params>()...};
}

// Whether the callable takes a TaskContext& and so may submit sub-graphs.
template <class F, class... Params>
constexpr bool spawns(const Kernel<void(Params...)>&, const F&) noexcept {
  return detail::takes_context<F, Params...>;
}

// Wraps a callable that takes HostView<const T> for Read<T>, HostView<T> for the other modes and
// plain values for scalars, with or without a TaskContext& in front. It is called by several
// threads at once, so its call operator is const.
template <class F, class... Params>
HostFunction host_function(const Kernel<void(Params...)>&, F function) {
  HostFunction result;
  result.state = std::make_shared<const F>(std::move(function));
  result.call = [](const void* state, const HostCall& call) {
    detail::call_host<F, Params...>(*static_cast<const F*>(state), call,
                                    std::index_sequence_for<Params...>{});
  };
  return result;
}

}  // namespace troika
