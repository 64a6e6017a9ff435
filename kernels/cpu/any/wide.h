// Runs a loop in the instructions that every CPU of the target has.
#pragma once

namespace troika::kernels {

template <class Body, class... Args>
void run_wide(const Args&... args) {
  Body::run(args...);
}

template <class Body, class... Args>
void run_wide_fused(const Args&... args) {
  Body::run(args...);
}

}  // namespace troika::kernels
