#include "backends/opencl/process.h"

#include <cstdlib>
#include <fstream>
#include <string>
#include <system_error>

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
  setenv("CL_CONFIG_CPU_TBB_NUM_WORKERS", count.c_str(), 0);
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

// `file`: an *.icd, whose first line names a driver, or a driver itself.
Status check_vendor(const fs::path& file) {
  std::string driver = file.string();
  if (file.extension() == ".icd") {
    std::ifstream in{file};
    std::getline(in, driver);
  }
  if (driver.find("xilinxopencl") == std::string::npos) return {};
  return {Code::unavailable, file.string() + " registers " + driver +
                                 ", which ends the process unless XILINX_XRT is set: set it, or "
                                 "let OCL_ICD_VENDORS name a folder without that file"};
}

}  // namespace

Status check_vendors(const fs::path& vendors, bool xrt_is_set) {
  if (xrt_is_set) return {};
  std::error_code error;
  if (!fs::is_directory(vendors, error)) return check_vendor(vendors);
  for (const auto& entry : fs::directory_iterator{vendors, error})
    if (entry.path().extension() == ".icd") TROIKA_TRY(check_vendor(entry.path()));
  return {};
}

}  // namespace troika::opencl
