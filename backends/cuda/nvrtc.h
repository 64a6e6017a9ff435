// NVIDIA's run-time compiler, found at run time.
#pragma once

#include <string>
#include <string_view>

#include <nvrtc.h>

#include "runtime/base/result.h"

namespace troika::cuda {

#define TROIKA_NVRTC_ENTRIES(X) \
  X(GetErrorString)             \
  X(Version)                    \
  X(GetNumSupportedArchs)       \
  X(GetSupportedArchs)          \
  X(CreateProgram)              \
  X(DestroyProgram)             \
  X(CompileProgram)             \
  X(GetProgramLogSize)          \
  X(GetProgramLog)              \
  X(GetPTXSize)                 \
  X(GetPTX)                     \
  X(GetCUBINSize)               \
  X(GetCUBIN)

struct Compiler {
#define TROIKA_NVRTC_MEMBER(name) decltype(&::nvrtc##name) name = nullptr;
  TROIKA_NVRTC_ENTRIES(TROIKA_NVRTC_MEMBER)
#undef TROIKA_NVRTC_MEMBER
};

// Opens NVRTC once a process and never closes it: where the loader finds it, in CUDA_PATH, or in
// /usr/local/cuda. Code::unavailable names what was tried.
Result<const Compiler*> load_compiler();

enum class Target : std::uint8_t {
  ptx,   // of the newest virtual architecture that the compiler has and the device can run
  cubin  // of that architecture itself
};

struct Compiled {
  std::string code;
  std::string log;  // what the compiler said of a program that it took
};

// Any thread; takes tens of milliseconds. `name` is the program's in messages; `architecture` is 90
// for compute capability 9.0. Code::kernel_failed carries the log.
Result<Compiled> compile(const Compiler& compiler, const std::string& name,
                         const std::string& source, std::string_view options, Target target,
                         int architecture);

}  // namespace troika::cuda
