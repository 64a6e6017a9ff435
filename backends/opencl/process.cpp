#include "backends/opencl/process.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <string>
#include <system_error>

#include <dlfcn.h>
#include <sched.h>

#include "runtime/base/result.h"

namespace troika::opencl {

namespace fs = std::filesystem;

std::vector<unsigned> allowed_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  std::vector<unsigned> cores;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return cores;
  for (unsigned core = 0; core < CPU_SETSIZE; ++core)
    if (CPU_ISSET(core, &set)) cores.push_back(core);
  return cores;
}

void restrain_drivers(std::size_t cores) {
  const std::string count = std::to_string(cores);
  setenv("POCL_MAX_PTHREAD_COUNT", count.c_str(), 0);
  setenv("POCL_CPU_MAX_CU_COUNT", count.c_str(), 0);  // the same, from PoCL 4 on
  // Intel's drivers count the thread that waits in clFinish, which none of ours does for long.
  // Where they share a oneTBB with the host's workers, the lower of their limits holds for both
  // together, and with one thread in all it came to be that commands of the FPGA emulator were
  // never begun.
  const std::size_t tbb_threads = std::max<std::size_t>(cores, 2) + 1;
  setenv("CL_CONFIG_CPU_TBB_NUM_WORKERS", std::to_string(tbb_threads).c_str(), 0);
  setenv("POCL_SIGFPE_HANDLER", "0", 0);
  // PoCL otherwise compiles a kernel again inside its first launch with each local size. One
  // general version, compiled by load(), was as fast on 2-D and 1-D image kernels.
  setenv("POCL_WORK_GROUP_SPECIALIZATION", "0", 0);
}

fs::path vendors_path() {
  for (const char* const name : {"OCL_ICD_VENDORS", "OPENCL_VENDOR_PATH"})
    if (const char* const value = std::getenv(name); value && *value) return value;
  return "/etc/OpenCL/vendors";
}

namespace {

struct Driver {
  fs::path file;        // an *.icd, or the driver itself
  std::string library;  // the first line of the former, or the latter
};

Driver driver_of(const fs::path& file) {
  Driver driver{file, file.string()};
  if (file.extension() == ".icd") {
    std::ifstream in{file};
    std::getline(in, driver.library);
  }
  return driver;
}

// Sorted by file.
std::vector<Driver> drivers_in(const fs::path& vendors) {
  std::error_code error;
  if (!fs::is_directory(vendors, error)) return {driver_of(vendors)};
  std::vector<Driver> drivers;
  for (const auto& entry : fs::directory_iterator{vendors, error})
    if (entry.path().extension() == ".icd") drivers.push_back(driver_of(entry.path()));
  std::sort(drivers.begin(), drivers.end(),
            [](const Driver& a, const Driver& b) { return a.file < b.file; });
  return drivers;
}

}  // namespace

Status check_vendors(const fs::path& vendors, const char* xrt) {
  std::error_code error;
  if (xrt && *xrt && fs::exists(fs::path{xrt} / "lib" / "libxrt_core.so.2", error)) return {};
  for (const auto& [file, library] : drivers_in(vendors))
    if (library.find("xilinxopencl") != std::string::npos)
      return {Code::unavailable,
              file.string() + " registers " + library +
                  ", which ends the process unless XILINX_XRT names a folder with "
                  "lib/libxrt_core.so.2: set it, or let OCL_ICD_VENDORS name a folder without that "
                  "file"};
  return {};
}

std::vector<Missing> unloadable_drivers(const fs::path& vendors) {
  std::vector<Missing> unloadable;
  std::error_code error;
  if (!fs::exists(vendors, error)) return unloadable;
  for (const auto& [file, library] : drivers_in(vendors)) {
    // As libOpenCL does next. What can be loaded stays so.
    if (dlopen(library.c_str(), RTLD_LAZY | RTLD_LOCAL)) continue;
    const char* const said = dlerror();
    unloadable.push_back(
        {"opencl: " + file.string(), {Code::unavailable, said ? said : "dlopen failed"}});
  }
  return unloadable;
}

}  // namespace troika::opencl
