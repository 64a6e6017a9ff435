// Where StarPU is not installed.
#include "bench/peers/vector_adds.h"

std::unique_ptr<troika::bench::VectorAdds> troika::bench::make_starpu_vector_adds(
    const VectorAddsShape&) {
  return nullptr;
}
