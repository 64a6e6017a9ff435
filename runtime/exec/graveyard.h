// What a hung device or kernel may still touch: kept until the process ends, on purpose.
#pragma once

#include <memory>

namespace troika {

// Any thread. Never freed, but reachable, so that leak checkers stay silent.
void bury(std::shared_ptr<const void> remains);

template <class T>
void bury(std::unique_ptr<T> remains) {
  bury(std::shared_ptr<const void>{std::shared_ptr<T>{std::move(remains)}});
}

}  // namespace troika
