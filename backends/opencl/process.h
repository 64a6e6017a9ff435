// What holds for a whole process before the first OpenCL call of it.
#pragma once

#include <filesystem>
#include <vector>

#include "runtime/base/status.h"
#include "runtime/device/device.h"

namespace troika::opencl {

// Operating-system numbers of the cores this process may use.
std::vector<unsigned> allowed_cores();

// Tells CPU drivers, by the environment variables they read once, to run about as many threads as
// there are cores and to leave our signal handlers alone. Whatever the user has set stays.
void restrain_drivers(std::size_t cores);

// Where libOpenCL looks for its drivers' *.icd files.
std::filesystem::path vendors_path();

// One vendor's driver ends the process inside clGetPlatformIDs unless XILINX_XRT, whose value `xrt`
// is, names a folder with the vendor's library for cards: Code::unavailable, naming the driver's
// file, when that would happen.
Status check_vendors(const std::filesystem::path& vendors, const char* xrt);

// libOpenCL passes over a driver that this process cannot load, and says nothing. Each such driver,
// with the dynamic loader's words. Loads those that it can: after check_vendors() and
// restrain_drivers().
std::vector<Missing> unloadable_drivers(const std::filesystem::path& vendors);

}  // namespace troika::opencl
