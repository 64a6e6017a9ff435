#include "runtime/device/budget.h"

#include <algorithm>

namespace troika {

std::size_t Budget::bytes_free() const noexcept {
  return bytes - std::min(used_.load(std::memory_order_relaxed), bytes);
}

Status Budget::out_of_memory(std::string_view tried, std::size_t asked) const {
  return {Code::out_of_memory, std::string{tried} + " of " + std::to_string(asked) + " bytes on " +
                                   device + " (" + std::to_string(bytes_free()) + " bytes free)"};
}

Status Budget::take(std::size_t wanted, std::size_t asked) const {
  std::size_t used = used_.load(std::memory_order_relaxed);
  do {
    if (wanted > bytes - std::min(used, bytes)) return out_of_memory("allocation", asked);
  } while (!used_.compare_exchange_weak(used, used + wanted, std::memory_order_relaxed));
  return {};
}

void Budget::give_back(std::size_t taken) const noexcept {
  used_.fetch_sub(taken, std::memory_order_relaxed);
}

}  // namespace troika
