// Tells a process from the children it forks, in which no thread of ours exists.
#pragma once

#include <cstdint>

namespace troika {

// Grows by one in each forked child. The first call registers for it.
std::uint64_t fork_generation() noexcept;

}  // namespace troika
