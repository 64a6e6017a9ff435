// The StarPU that is linked, as its rows name it.
#pragma once

#include <string>

#include <starpu.h>

namespace troika::bench {

inline std::string starpu_version() {
  int version[3];
  starpu_get_version(&version[0], &version[1], &version[2]);
  return "StarPU " + std::to_string(version[0]) + "." + std::to_string(version[1]) + "." +
         std::to_string(version[2]);
}

}  // namespace troika::bench
