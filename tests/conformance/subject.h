// What a backend supplies to be held to the conformance suite: a device to open, the suite's
// kernels in its dialect, and a way to hold a queue. backends/<b>/conformance.cpp defines
// subject().
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "runtime/base/environment.h"
#include "runtime/device/device.h"
#include "runtime/device/worker_pool.h"

namespace troika::conformance {

// A device and the world it needs. Destroyed from the last member to the first.
struct Opening {
  std::shared_ptr<void> world;  // whatever else must outlive the others; may be null
  std::unique_ptr<Environment> environment;
  std::unique_ptr<WorkerPool> workers;  // null where the device needs none
  std::unique_ptr<Device> device;
};

// The suite's kernels. Buffers are a base and a byte offset; `n`, `width` … count elements, and the
// launch's global size says the same. Parameters in this order (see operation_of, params_of):
enum class SuiteKernel {
  add,      // (read i32 x, write i32 y, i32 v, i32 n)            y[i] = x[i] + v
  mix,      // (update u32 x, u32 a, u32 b, i32 n)                x[i] = x[i] * a + b
  index2d,  // (write i32 y, i32 width, i32 height, i32 pitch)    y[r * pitch + c] = r * width + c
  scalars,  // (write i64 y, u8, i8, u16, i16, i32, u32, i64, u64, f32)
            // y[0…7] = the integers in order; y[8] = the f32 times 4
  fail,     // (update u32 x): always fails when it runs; its message contains suite_failure
  broken,   // (update u32 x): does not build; load() is to answer Code::kernel_failed
};
inline constexpr std::string_view suite_failure = "failed as the suite asked";

// "suite_add" …: the operation, and the entry where the dialect has named entries.
std::string_view operation_of(SuiteKernel kernel) noexcept;
std::vector<Param> params_of(SuiteKernel kernel);
// The image for dialects whose implementation is a HostFunction (host, sim).
KernelImage function_image(SuiteKernel kernel, Dialect dialect);

// Holds a queue still: stands for a kernel that takes for ever, until it is let go. Destroyed after
// open(), before or after its queue; the destructor returns when the device cannot touch it any
// more.
class Gate {
 public:
  virtual ~Gate() = default;
  // Enqueues (without flush) a launch that is not reached before open().
  virtual Result<Timepoint> hold(Queue& queue) = 0;
  // After a flush: returns when the device is inside a held launch, or would be as soon as its
  // clock moves.
  virtual void wait_until_held() = 0;
  // Once. Every held launch ends soon after, by the environment's clock within seconds.
  virtual void open() = 0;
};

// A test that this backend is known to fail. It runs all the same, and fails once it passes.
struct Exception {
  std::string_view test;  // "queue.copies_rows_with_different_pitches"
  std::string_view reason;
};

struct Subject {
  std::string_view name;
  // Code::unavailable: every test is then `unavailable`, for the reason given.
  Result<Opening> (*open)() = nullptr;
  // Code::unsupported: tests that need this kernel are `unavailable`, for the reason given.
  Result<KernelImage> (*image)(SuiteKernel kernel) = nullptr;
  // Code::unsupported likewise. May load and allocate on the device; destroyed before it.
  Result<std::unique_ptr<Gate>> (*gate)(Opening& opening) = nullptr;
  std::vector<Exception> exceptions;
};

// Defined once in each conformance program.
const Subject& subject();

}  // namespace troika::conformance
