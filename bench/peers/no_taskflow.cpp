// Where Taskflow's header was not installed when this was built.
#include "bench/peers/peer.h"

troika::bench::MaybePeer troika::bench::make_taskflow(unsigned) {
  return Status{Code::unavailable,
                "its header taskflow/taskflow.hpp was not found when this was built; Debian 12 has "
                "no package of it (-DTaskflow_INCLUDE_DIR=… names its folder)"};
}
