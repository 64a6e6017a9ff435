#include "tests/drivers/cuda/builtins.h"

#include <array>
#include <cstdio>
#include <cstring>

#include "tests/drivers/cuda/address.h"

namespace cuda_emulator {
namespace {

constexpr std::array<std::string_view, 2> names{"vprintf", "__assertfail"};

// The n-th eight bytes of the arguments that the caller passes.
std::uint64_t argument(Warp& warp, const Instruction& i, int lane, std::size_t n) {
  const Passed& passed = warp.block().launch().program->calls[i.table].arguments.at(n);
  std::uint64_t value = 0;
  std::memcpy(&value, warp.local(lane, warp.frame().locals + passed.caller, passed.bytes),
              passed.bytes);
  return value;
}

std::string text_at(Warp& warp, int lane, std::uint64_t address) {
  Instruction byte;
  byte.space = ptx::Space::generic;
  std::string text;
  for (;; ++address) {
    const char c = static_cast<char>(*bytes_at(warp, byte, lane, address, 1, Access::read));
    if (c == '\0') return text;
    text += c;
  }
}

template <class T>
T value_at(Warp& warp, int lane, std::uint64_t& address) {
  Instruction any;
  any.space = ptx::Space::generic;
  address = (address + sizeof(T) - 1) & ~(sizeof(T) - 1);
  T value;
  std::memcpy(&value, bytes_at(warp, any, lane, address, sizeof(T), Access::read), sizeof(T));
  address += sizeof(T);
  return value;
}

template <class T>
std::string printed(const std::string& directive, T value) {
  std::array<char, 512> text{};
  std::snprintf(text.data(), text.size(), directive.c_str(), value);
  return text.data();
}

// One directive of printf's, from its '%' to its letter, with the argument that is next.
std::string printed(Warp& warp, int lane, const std::string& directive, std::uint64_t& arguments) {
  const char letter = directive.back();
  if (letter == '%') return "%";
  if (letter == 's')
    return printed(directive,
                   text_at(warp, lane, value_at<std::uint64_t>(warp, lane, arguments)).c_str());
  if (std::strchr("eEfFgGaA", letter) != nullptr)
    return printed(directive, value_at<double>(warp, lane, arguments));
  if (letter == 'p')
    return printed(directive,
                   reinterpret_cast<void*>(value_at<std::uint64_t>(warp, lane, arguments)));
  if (directive.find_first_of("lzj") != std::string::npos)
    return printed(directive, value_at<long long>(warp, lane, arguments));
  return printed(directive, value_at<int>(warp, lane, arguments));
}

int print(Warp& warp, int lane, const std::string& format, std::uint64_t arguments) {
  std::string text;
  for (std::size_t at = 0; at < format.size(); ++at) {
    const std::size_t end =
        format[at] == '%' ? format.find_first_of("diouxXcsfFeEgGaAp%", at + 1) : std::string::npos;
    if (end == std::string::npos) {
      text += format[at];
      continue;
    }
    text += printed(warp, lane, format.substr(at, end - at + 1), arguments);
    at = end;
  }
  std::fputs(text.c_str(), stdout);
  std::fflush(stdout);
  return static_cast<int>(text.size());
}

}  // namespace

std::optional<std::uint8_t> builtin_named(std::string_view name) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == name) return static_cast<std::uint8_t>(i);
  }
  return std::nullopt;
}

void call_builtin(Warp& warp, const Instruction& instruction, Mask mask) {
  const Call& call = warp.block().launch().program->calls[instruction.table];
  for_lanes(mask, [&](int lane) {
    const std::string text = text_at(warp, lane, argument(warp, instruction, lane, 0));
    if (instruction.detail == 1) {
      throw Fault{CUDA_ERROR_ASSERT, "assertion '" + text + "' fails, " + warp.where(lane)};
    }
    const int count = print(warp, lane, text, argument(warp, instruction, lane, 1));
    if (call.results.empty()) return;
    std::memcpy(warp.local(lane, warp.frame().locals + call.results[0].caller, 4), &count, 4);
  });
}

}  // namespace cuda_emulator
