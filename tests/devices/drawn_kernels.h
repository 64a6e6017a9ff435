// The kernels of drawn graphs for the host, in OpenCL C and in CUDA C.
#pragma once

#include "runtime/graph/graph.h"
#include "runtime/graph/kernel_registry.h"
#include "tests/sim/graph_case.h"

namespace troika::oracle {

void define_drawn_kernels(KernelRegistry& registry);

// `wholes`: the case's buffers, then its scratches. Behind each view come its columns, rows and
// pitch, in words, which a device's kernel cannot know else.
TaskRef add_step(Graph& graph, const Step& step, const std::vector<View<Word>>& wholes);

}  // namespace troika::oracle
