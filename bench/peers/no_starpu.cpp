// Where StarPU was not installed when this was built.
#include "bench/peers/peer.h"
#include "bench/peers/vector_adds.h"
#include "runtime/base/error.h"

namespace troika::bench {
namespace {

Status why_not() {
  return {Code::unavailable, "libstarpu-dev was not installed when this was built"};
}

}  // namespace

MaybePeer make_starpu(unsigned) { return why_not(); }

std::unique_ptr<VectorAdds> make_starpu_vector_adds(const VectorAddsShape&) {
  throw Error{why_not().within("starpu")};
}

}  // namespace troika::bench
