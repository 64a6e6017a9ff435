// How much of a device's memory its own allocations may take, by arithmetic.
#pragma once

#include <atomic>
#include <cstddef>
#include <string>
#include <string_view>

#include "runtime/base/status.h"

namespace troika {

// Thread-safe once `device` and `bytes` are set; calls nobody.
class Budget {
 public:
  std::string device;  // as messages name it: "pocl0"
  std::size_t bytes = 0;

  std::size_t bytes_free() const noexcept;
  // "<tried> of 64 bytes on pocl0 (12 bytes free)"
  Status out_of_memory(std::string_view tried, std::size_t asked) const;
  // Of what is free; out_of_memory(…, asked), and nothing taken, when that is less.
  Status take(std::size_t wanted, std::size_t asked) const;
  void give_back(std::size_t taken) const noexcept;

 private:
  mutable std::atomic<std::size_t> used_{0};
};

}  // namespace troika
