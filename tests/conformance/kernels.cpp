#include <stdexcept>
#include <string>

#include "tests/conformance/subject.h"

namespace troika::conformance {
namespace {

template <class T>
T* elements(const KernelArg& arg) noexcept {
  return reinterpret_cast<T*>(arg.span.in->host() + arg.span.offset);
}

void add(const void*, const HostCall& call) {
  const auto* x = elements<const std::int32_t>(call.args[0]);
  auto* y = elements<std::int32_t>(call.args[1]);
  const auto v = call.args[2].scalar.as<std::int32_t>();
  const auto n = call.args[3].scalar.as<std::int32_t>();
  for (std::int32_t i = 0; i < n; ++i) y[i] = x[i] + v;
}

void mix(const void*, const HostCall& call) {
  auto* x = elements<std::uint32_t>(call.args[0]);
  const auto a = call.args[1].scalar.as<std::uint32_t>();
  const auto b = call.args[2].scalar.as<std::uint32_t>();
  const auto n = call.args[3].scalar.as<std::int32_t>();
  for (std::int32_t i = 0; i < n; ++i) x[i] = x[i] * a + b;
}

void index2d(const void*, const HostCall& call) {
  auto* y = elements<std::int32_t>(call.args[0]);
  const auto width = call.args[1].scalar.as<std::int32_t>();
  const auto height = call.args[2].scalar.as<std::int32_t>();
  const auto pitch = call.args[3].scalar.as<std::int32_t>();
  for (std::int32_t r = 0; r < height; ++r)
    for (std::int32_t c = 0; c < width; ++c) y[r * pitch + c] = r * width + c;
}

void scalars(const void*, const HostCall& call) {
  auto* y = elements<std::int64_t>(call.args[0]);
  y[0] = call.args[1].scalar.as<std::uint8_t>();
  // A number, not a character: its sign is to arrive. NOLINTNEXTLINE(bugprone-signed-char-misuse)
  y[1] = call.args[2].scalar.as<std::int8_t>();
  y[2] = call.args[3].scalar.as<std::uint16_t>();
  y[3] = call.args[4].scalar.as<std::int16_t>();
  y[4] = call.args[5].scalar.as<std::int32_t>();
  y[5] = call.args[6].scalar.as<std::uint32_t>();
  y[6] = call.args[7].scalar.as<std::int64_t>();
  y[7] = static_cast<std::int64_t>(call.args[8].scalar.as<std::uint64_t>());
  y[8] = static_cast<std::int64_t>(call.args[9].scalar.as<float>() * 4.0F);
}

void fail(const void*, const HostCall&) { throw std::runtime_error{std::string{suite_failure}}; }

Param buffer(Type type, Access access) { return {true, type, access}; }
Param scalar(Type type) { return {false, type, Access::read}; }

}  // namespace

std::string_view operation_of(SuiteKernel kernel) noexcept {
  switch (kernel) {
    case SuiteKernel::add: return "suite_add";
    case SuiteKernel::mix: return "suite_mix";
    case SuiteKernel::index2d: return "suite_index2d";
    case SuiteKernel::scalars: return "suite_scalars";
    case SuiteKernel::fail: return "suite_fail";
    case SuiteKernel::broken: return "suite_broken";
  }
  return "unknown";
}

std::vector<Param> params_of(SuiteKernel kernel) {
  switch (kernel) {
    case SuiteKernel::add:
      return {buffer(Type::i32, Access::read), buffer(Type::i32, Access::write), scalar(Type::i32),
              scalar(Type::i32)};
    case SuiteKernel::mix:
      return {buffer(Type::u32, Access::update), scalar(Type::u32), scalar(Type::u32),
              scalar(Type::i32)};
    case SuiteKernel::index2d:
      return {buffer(Type::i32, Access::write), scalar(Type::i32), scalar(Type::i32),
              scalar(Type::i32)};
    case SuiteKernel::scalars:
      return {buffer(Type::i64, Access::write),
              scalar(Type::u8),
              scalar(Type::i8),
              scalar(Type::u16),
              scalar(Type::i16),
              scalar(Type::i32),
              scalar(Type::u32),
              scalar(Type::i64),
              scalar(Type::u64),
              scalar(Type::f32)};
    case SuiteKernel::fail:
    case SuiteKernel::broken: return {buffer(Type::u32, Access::update)};
  }
  return {};
}

KernelImage function_image(SuiteKernel kernel, Dialect dialect) {
  KernelImage image;
  image.operation = operation_of(kernel);
  image.dialect = dialect;
  image.params = params_of(kernel);
  switch (kernel) {
    case SuiteKernel::add: image.function.call = add; break;
    case SuiteKernel::mix: image.function.call = mix; break;
    case SuiteKernel::index2d: image.function.call = index2d; break;
    case SuiteKernel::scalars: image.function.call = scalars; break;
    case SuiteKernel::fail: image.function.call = fail; break;
    case SuiteKernel::broken: break;  // an image without a function cannot be built
  }
  return image;
}

}  // namespace troika::conformance
