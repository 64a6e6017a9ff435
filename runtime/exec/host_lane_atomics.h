// Which atomics the host lane's protocols are built on: the standard ones, or a model checker's.
#pragma once

#include <atomic>

namespace troika {

struct StdAtomics {
  template <class T>
  using Atomic = std::atomic<T>;
};

}  // namespace troika
