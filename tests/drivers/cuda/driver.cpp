#include "tests/drivers/cuda/driver.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>

#include <pthread.h>

namespace cuda_emulator {
namespace {

std::atomic<bool> initialised{false}, forked{false}, ending{false};

// A kernel that waits for a lost device would wait for ever: everything of it fails instead.
CUresult failure_of(const Context& context) {
  if (context.device->lost) return CUDA_ERROR_DEVICE_UNAVAILABLE;
  return context.sticky;
}

}  // namespace

Driver::Driver() : fault_counts(options().faults.size()) {
  for (int i = 0; i < options().devices; ++i) {
    auto device = std::make_unique<Device>();
    device->ordinal = i;
    device->own_pool = std::make_unique<Pool>();
    device->own_pool->device = device.get();
    device->pool = device->own_pool.get();
    handles.insert(device->pool);
    devices.push_back(std::move(device));
  }
}

bool Driver::faulty(const std::string& name, int device) {
  bool strikes = false;
  for (std::size_t i = 0; i < options().faults.size(); ++i) {
    const FaultOption& fault = options().faults[i];
    if (fault.name != name || (fault.device >= 0 && fault.device != device)) continue;
    const std::uint64_t count = ++fault_counts[i];
    strikes = strikes || fault.at == 0 || fault.at == count;
  }
  return strikes;
}

Driver& driver() {
  static Driver* const one = new Driver();
  return *one;
}

ThreadState& this_thread() {
  thread_local ThreadState state;
  return state;
}

CUresult ready() {
  if (ending) return CUDA_ERROR_DEINITIALIZED;
  if (!initialised || forked) return CUDA_ERROR_NOT_INITIALIZED;
  if (this_thread().in_host_function) return CUDA_ERROR_NOT_PERMITTED;
  return CUDA_SUCCESS;
}

CUresult initialise(unsigned flags) {
  if (flags != 0) return CUDA_ERROR_INVALID_VALUE;
  if (ending) return CUDA_ERROR_DEINITIALIZED;
  if (forked) return CUDA_ERROR_NOT_INITIALIZED;
  if (options().devices == 0) return CUDA_ERROR_NO_DEVICE;
  const std::lock_guard lock(driver().mutex);
  if (initialised.exchange(true)) return CUDA_SUCCESS;
  pthread_atfork(nullptr, nullptr, [] { forked = true; });
  std::atexit([] {
    ending = true;
    if (forked) return;  // the threads are the parent's
    if (!options().calls_file.empty()) append_calls(options().calls_file);
    Lock stopping(driver().mutex);
    driver().engine.stop(stopping);
  });
  return CUDA_SUCCESS;
}

Context* current(CUresult& status) {
  auto& contexts = this_thread().contexts;
  if (contexts.empty() || contexts.back() == nullptr) {
    status = CUDA_ERROR_INVALID_CONTEXT;
    return nullptr;
  }
  Context* const context = alive<Context>(contexts.back());
  if (context == nullptr) {
    status = CUDA_ERROR_CONTEXT_IS_DESTROYED;
    return nullptr;
  }
  status = failure_of(*context);
  return status == CUDA_SUCCESS ? context : nullptr;
}

Context* make_context(Device& device, bool primary, unsigned flags) {
  auto* const context = new Context();
  context->device = &device;
  ++device.contexts;
  context->is_primary = primary;
  context->flags = flags;
  context->id = driver().next_id++;
  context->legacy.context = context;
  context->legacy.timeline = driver().engine.new_timeline();
  context->limits = {{CU_LIMIT_STACK_SIZE, 1024},
                     {CU_LIMIT_PRINTF_FIFO_SIZE, 1u << 20},
                     {CU_LIMIT_MALLOC_HEAP_SIZE, 8u << 20}};
  driver().add(context);
  return context;
}

void end_context(Context& context, Lock& lock) {
  // What failed has been said to whoever waited for it, and could not be given back.
  if (synchronise(context, lock) == CUDA_SUCCESS) note_left(context);
  auto& handles = driver().handles;
  for (const Stream* const stream : context.streams) handles.erase(stream);
  for (const Event* const event : context.events) handles.erase(event);
  for (const Module* const module : context.modules) {
    for (const auto& [name, kernel] : module->kernels) handles.erase(kernel.get());
    handles.erase(module);
  }
  std::vector<Allocation*> own;
  driver().memory.each([&](Allocation& allocation) {
    if (allocation.context == &context && allocation.state != Allocation::State::freed &&
        allocation.pool == nullptr)
      own.push_back(&allocation);
  });
  for (Allocation* const allocation : own) {
    if (allocation->kind == Allocation::Kind::device) context.device->used -= allocation->bytes;
    driver().memory.remove(*allocation);
  }
  handles.erase(&context);
  // The context itself stays: threads may still have it on their stacks.
  if (--context.device->contexts == 0) driver().engine.retire(context.device->ordinal, lock);
}

Stream* stream_of(Context& context, CUstream handle) {
  if (handle == nullptr || handle == CU_STREAM_LEGACY) return &context.legacy;
  if (handle == CU_STREAM_PER_THREAD) {
    auto& own = context.of_threads[std::this_thread::get_id()];
    if (own == nullptr) {
      own = std::make_unique<Stream>();
      own->context = &context;
      own->timeline = driver().engine.new_timeline();
      own->id = driver().next_id++;
    }
    return own.get();
  }
  Stream* const stream = alive<Stream>(handle);
  return stream != nullptr && stream->context == &context ? stream : nullptr;
}

namespace {

// What an operation on the stream comes after by the rules of streams alone.
std::vector<OpPtr> predecessors(Stream& stream) {
  std::vector<OpPtr> after;
  const auto add = [&](const OpPtr& op) {
    if (op != nullptr) after.push_back(op);
  };
  Context& context = *stream.context;
  add(stream.last);
  if (&stream == &context.legacy) {
    for (const Stream* const other : context.streams) {
      if (other->blocking()) add(other->last);
    }
    for (const auto& [thread, other] : context.of_threads) add(other->last);
  } else if (stream.blocking()) {
    add(context.legacy.last);
  }
  return after;
}

bool legacy_disturbs_capture(Stream& stream) {
  if (&stream != &stream.context->legacy) return false;
  bool disturbs = false;
  for (Stream* const other : stream.context->streams) {
    if (!other->blocking() || other->capture == nullptr) continue;
    other->capture->invalidated = true;
    disturbs = true;
  }
  return disturbs;
}

}  // namespace

CUresult enqueue(Stream& stream, Work work, OpPtr* made, std::vector<OpPtr> also_after) {
  if (stream.capture != nullptr) {
    Capture& capture = *stream.capture;
    if (capture.invalidated) return CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
    if (work.kind == Op::Kind::memory) return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
    capture.graph.nodes.push_back({std::move(work), stream.capture_after});
    stream.capture_after = {capture.graph.nodes.size() - 1};
    return CUDA_SUCCESS;
  }
  if (legacy_disturbs_capture(stream)) return CUDA_ERROR_STREAM_CAPTURE_IMPLICIT;
  auto op = std::make_shared<Op>();
  op->kind = work.kind;
  op->context = stream.context;
  op->device = stream.context->device->ordinal;
  op->priority = stream.priority;
  op->timeline = stream.timeline;
  op->label = std::move(work.label);
  op->body = std::move(work.body);
  op->held = std::move(work.held);
  if (op->kind == Op::Kind::kernel) before_kernel(*stream.context);
  std::vector<OpPtr> after = predecessors(stream);
  after.insert(after.end(), also_after.begin(), also_after.end());
  stream.last = op;
  if (made != nullptr) *made = op;
  driver().engine.submit(std::move(op), std::move(after));
  return CUDA_SUCCESS;
}

CUresult perform(Stream& stream, Work work, Lock& lock) {
  if (const CUresult unsafe = safe_in_captures(); unsafe != CUDA_SUCCESS) return unsafe;
  OpPtr op;
  if (const CUresult status = enqueue(stream, std::move(work), &op); status != CUDA_SUCCESS)
    return status;
  Context& context = *stream.context;
  driver().engine.wait(op, lock);
  after_wait(context);
  return op->result;
}

CUresult synchronise(Stream& stream, Lock& lock) {
  if (stream.capture != nullptr) {
    stream.capture->invalidated = true;
    return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
  }
  if (legacy_disturbs_capture(stream)) return CUDA_ERROR_STREAM_CAPTURE_IMPLICIT;
  Context& context = *stream.context;
  for (const OpPtr& op : predecessors(stream)) driver().engine.wait(op, lock);
  after_wait(context);
  return failure_of(context);
}

CUresult synchronise(Context& context, Lock& lock) {
  std::vector<OpPtr> all;
  const auto add = [&](const Stream& stream) {
    if (stream.last != nullptr) all.push_back(stream.last);
  };
  add(context.legacy);
  for (const Stream* const stream : context.streams) add(*stream);
  for (const auto& [thread, stream] : context.of_threads) add(*stream);
  all.insert(all.end(), context.of_destroyed.begin(), context.of_destroyed.end());
  for (const OpPtr& op : all) driver().engine.wait(op, lock);
  after_wait(context);
  return failure_of(context);
}

}  // namespace cuda_emulator
