// What a build of Troika brings along: its workers and the backends that are linked in or can be
// looked for. Defined beside the backends.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "runtime/device/device.h"
#include "runtime/device/worker_pool.h"

namespace troika {

struct WorkerOptions {
  unsigned workers = 0;  // 0: one for each core this process may use
};
Result<std::unique_ptr<WorkerPool>> make_workers(const WorkerOptions& options);

// The host first. Each backend is opened with the keys of `options.text` that begin with its name
// and a dot, less both: "opencl.memory=separate". Code::invalid_argument in `missing` names keys
// of no backend. With `host_only` the others are left alone, drivers and all, and `missing` says
// so.
Opened open_built_in(const BackendOptions& options, bool host_only);
// The devices of one backend that is linked in or can be looked for, its keys without its name.
// What is not there is told in `missing`.
Opened open_backend(std::string_view name, const BackendOptions& options);

}  // namespace troika
