// A machine for tests that know what is to happen.
#pragma once

#include "backends/sim/machine.h"

namespace troika::oracle {

// A host and a device with memory of its own, "dev0".
sim::Machine small_machine();

}  // namespace troika::oracle
