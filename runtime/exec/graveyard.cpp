#include "runtime/exec/graveyard.h"

#include <mutex>
#include <vector>

namespace troika {

void bury(std::shared_ptr<const void> remains) {
  struct Graveyard {
    std::mutex mutex;  // protects graves
    std::vector<std::shared_ptr<const void>> graves;
  };
  static auto* const yard = new Graveyard;
  const std::scoped_lock lock{yard->mutex};
  yard->graves.push_back(std::move(remains));
}

}  // namespace troika
