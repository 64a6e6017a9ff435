// The driver's state, and what every entry point does first.
#pragma once

#include <unordered_set>
#include <vector>

#include "tests/drivers/cuda/address_space.h"
#include "tests/drivers/cuda/objects.h"
#include "tests/drivers/cuda/options.h"

namespace cuda_emulator {

struct Driver {
  std::mutex mutex;  // guards everything below, but for what is said to guard itself
  Engine engine{mutex};
  AddressSpace memory;  // guards itself
  std::vector<std::unique_ptr<Device>> devices;
  std::unordered_set<const void*> handles;  // of every kind that are alive
  // All that ever were. None is freed, so that no later one has the address of a dead handle.
  std::vector<const void*> objects;
  void add(const void* object) {
    handles.insert(object);
    objects.push_back(object);
  }
  std::vector<std::shared_ptr<Capture>> captures;
  std::uint64_t next_id = 1;
  std::vector<std::uint64_t> fault_counts;  // by the options' faults
  std::vector<std::string> left_behind;     // by contexts that ended without an error

  Driver();
  // Counts one event of the fault's kind on the device. True where the options want it to fail.
  bool faulty(const std::string& name, int device);
};

// Made by the first call, never destroyed.
Driver& driver();

// What a thread has: its stack of contexts, the mode in which it lives with captures, and whether
// it is in a host function.
struct ThreadState {
  std::vector<Context*> contexts;
  CUstreamCaptureMode capture_mode = CU_STREAM_CAPTURE_MODE_GLOBAL;
  bool in_host_function = false;
};
ThreadState& this_thread();

// CUDA_SUCCESS if a call may go on: initialised, not forked, not at the end of the process, not in
// a host function. Under the mutex.
CUresult ready();
// The mutex held and the driver ready: f(Lock&) → CUresult.
template <class F>
CUresult with_driver(F&& f) {
  Lock lock(driver().mutex);
  const CUresult status = ready();
  return status != CUDA_SUCCESS ? status : f(lock);
}
CUresult initialise(unsigned flags);

template <class T>
T* alive(const void* handle) {
  return handle != nullptr && driver().handles.contains(handle)
             ? static_cast<T*>(const_cast<void*>(handle))
             : nullptr;
}

// The thread's current context; what is wrong with it goes to `status`.
Context* current(CUresult& status);

// The same with a current context that has not failed: f(Context&, Lock&).
template <class F>
CUresult with_context(F&& f) {
  return with_driver([&](Lock& lock) -> CUresult {
    CUresult status = CUDA_SUCCESS;
    Context* const context = current(status);
    return context == nullptr ? status : f(*context, lock);
  });
}

Context* make_context(Device& device, bool primary, unsigned flags);
// Waits for what runs, then ends every handle of it.
void end_context(Context& context, Lock& lock);

// The stream of a handle; null where it is none of the current context's.
Stream* stream_of(Context& context, CUstream handle);

// Enqueues, or adds to the stream's capture. The operation is null where it was captured.
CUresult enqueue(Stream& stream, Work work, OpPtr* made = nullptr,
                 std::vector<OpPtr> also_after = {});
// Enqueues and waits. Illegal in a capture.
CUresult perform(Stream& stream, Work work, Lock& lock);
// Waits until all that is on the stream is done; with legacy semantics.
CUresult synchronise(Stream& stream, Lock& lock);
CUresult synchronise(Context& context, Lock& lock);

// capture.cpp: whether a call that captures forbid may be made by this thread: else 900, and the
// captures that it would have disturbed are invalid.
CUresult safe_in_captures();

// execution.cpp: bodies of operations.
Op::Body launch_body(Context& context, std::shared_ptr<const Program> program, Launch launch);

// api_symbols.cpp: one line for each entry that was called through the table, with how often.
void append_calls(const std::string& file);

// inventory.cpp: remembers what the program left in a context that ends.
void note_left(const Context& context);

// managed.cpp: host access to managed memory where it excludes the device's.
void before_kernel(Context& context);
void after_wait(Context& context);

}  // namespace cuda_emulator
