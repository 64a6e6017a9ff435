#include "tests/unit/exec/nested_doubling.h"

#include <oneapi/tbb/blocked_range.h>
#include <oneapi/tbb/parallel_for.h>

namespace troika {

void double_all(int* values, std::size_t count) {
  tbb::parallel_for(tbb::blocked_range<std::size_t>{0, count, 64}, [&](const auto& range) {
    for (std::size_t i = range.begin(); i != range.end(); ++i) values[i] *= 2;
  });
}

}  // namespace troika
