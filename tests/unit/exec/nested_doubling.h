// A loop that oneTBB spreads over its workers, apart from everything the race detector looks at.
#pragma once

#include <cstddef>

namespace troika {

void double_all(int* values, std::size_t count);

}  // namespace troika
