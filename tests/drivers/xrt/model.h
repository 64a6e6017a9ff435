// What the model of a kernel sees of the card that it runs in. A library of models has one
// extern "C" function of type Model a kernel, by the kernel's name.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <stdexcept>

namespace xrt_model {

// What a model throws to end its run with an error of ERT's.
struct UnitError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// One run of a compute unit.
class Call {
 public:
  virtual ~Call() = default;

  // A word of the register map that the run was started with; 0 beyond its end.
  virtual std::uint32_t word(std::uint32_t offset) const noexcept = 0;
  // The device's bytes at an address, as far as their buffer goes. Throws UnitError where argument
  // `argument` of this unit is wired to no bank that has the address, or no buffer lies there.
  virtual std::byte* memory(unsigned argument, std::uint64_t address, std::size_t bytes) = 0;
  // The card was closed: a model that waits for something is to return.
  virtual bool is_reset() const noexcept = 0;

  // Argument i of an image that Xclbin made lies at 16 i + 16.
  template <class T>
  T argument(unsigned i) const noexcept {
    const std::uint32_t words[2] = {word(16 * i + 16), word(16 * i + 20)};
    T value;
    static_assert(sizeof value <= sizeof words);
    std::memcpy(&value, words, sizeof value);
    return value;
  }
  // A buffer that is passed as two arguments, a base and a byte offset: `count` elements.
  template <class T>
  T* elements(unsigned i, std::size_t count) {
    const auto address = argument<std::uint64_t>(i) + argument<std::uint64_t>(i + 1);
    return reinterpret_cast<T*>(memory(i, address, count * sizeof(T)));
  }
};

using Model = void(Call& call);

}  // namespace xrt_model
