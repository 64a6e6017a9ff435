#include "runtime/device/kernel.h"

#include <exception>

namespace troika {

std::string_view name_of(Dialect dialect) noexcept {
  switch (dialect) {
    case Dialect::host: return "host";
    case Dialect::opencl_c: return "opencl-c";
    case Dialect::ptx: return "ptx";
    case Dialect::xclbin: return "xclbin";
    case Dialect::sim: return "sim";
  }
  return "unknown";
}

std::string_view name_of(Access access) noexcept {
  switch (access) {
    case Access::read: return "read";
    case Access::write: return "write";
    case Access::update: return "update";
    case Access::commute: return "commute";
  }
  return "unknown";
}

std::string_view name_of(Type type) noexcept {
  switch (type) {
    case Type::u8: return "u8";
    case Type::i8: return "i8";
    case Type::u16: return "u16";
    case Type::i16: return "i16";
    case Type::i32: return "i32";
    case Type::u32: return "u32";
    case Type::i64: return "i64";
    case Type::u64: return "u64";
    case Type::f32: return "f32";
    case Type::f64: return "f64";
  }
  return "unknown";
}

std::size_t size_of(Type type) noexcept {
  switch (type) {
    case Type::u8:
    case Type::i8: return 1;
    case Type::u16:
    case Type::i16: return 2;
    case Type::i32:
    case Type::u32:
    case Type::f32: return 4;
    case Type::i64:
    case Type::u64:
    case Type::f64: return 8;
  }
  return 0;
}

Status thrown_by(std::string_view operation) noexcept {
  try {
    throw;
  } catch (const std::exception& error) {
    return {Code::kernel_failed, std::string{operation} + " threw: " + error.what()};
  } catch (...) {
    return {Code::kernel_failed, std::string{operation} + " threw something without a message"};
  }
}

}  // namespace troika
