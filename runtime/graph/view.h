// What a graph's tasks name: rectangles of a buffer or of a run's scratch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "runtime/base/error.h"
#include "runtime/base/ids.h"
#include "runtime/device/kernel.h"
#include "runtime/graph/region.h"

namespace troika {

// Either a buffer or the n-th scratch of a graph.
struct Storage {
  BufferId buffer;            // none for scratch
  std::uint32_t scratch = 0;  // index into the graph's scratches
  std::size_t bytes = 0;

  friend bool operator==(const Storage&, const Storage&) = default;
};

// An untyped view: the string form's and the C ABI's operand.
struct Operand {
  Storage storage;
  Type type = Type::u8;
  Region region;
};

// A rectangle of elements of type T. Cheap to copy; keeps nothing alive.
template <class T>
class View {
 public:
  View(Storage storage, Region region) noexcept : storage_{storage}, region_{region} {}

  std::size_t size() const noexcept { return region_.size() / sizeof(T); }
  // Elements [first, first + count) of a view without gaps. Throws Code::out_of_range.
  View slice(std::size_t first, std::size_t count) const {
    if (region_.rows != 1) refuse("slice of a view with gaps between its rows");
    if (first > size() || count > size() - first)
      refuse("slice [" + std::to_string(first) + ", +" + std::to_string(count) + ") of " +
             std::to_string(size()) + " elements");
    return {storage_, Region::bytes(region_.offset + first * sizeof(T), count * sizeof(T))};
  }
  // `rows` rows of `cols` elements, the first at element `first`, rows `pitch` elements apart, of a
  // view without gaps. Throws Code::out_of_range.
  View tile(std::size_t first, std::size_t cols, std::size_t rows, std::size_t pitch) const {
    if (region_.rows != 1) refuse("tile of a view with gaps between its rows");
    if (cols > pitch || !Region{first, cols, rows, pitch}.within(size()))
      refuse("tile at " + std::to_string(first) + " of " + std::to_string(cols) + " x " +
             std::to_string(rows) + ", pitch " + std::to_string(pitch) + ", of " +
             std::to_string(size()) + " elements");
    return {storage_, Region::rectangle(region_.offset + first * sizeof(T), cols * sizeof(T), rows,
                                        pitch * sizeof(T))};
  }
  operator Operand() const noexcept { return {storage_, type_of<T>(), region_}; }

 private:
  [[noreturn]] void refuse(const std::string& what) const {
    throw Error{Status{Code::out_of_range, "view out of range: " + what}};
  }

  Storage storage_;
  Region region_;
};

}  // namespace troika
