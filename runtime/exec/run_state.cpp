#include "runtime/exec/run_state.h"

#include "runtime/exec/lane_execution.h"

namespace troika {

RunState::RunState() = default;
RunState::~RunState() {
  if (after) after->detach();
}

}  // namespace troika
