// Runs among the work on a CUDA stream of the caller's. Not part of troika.h: it needs <cuda.h>,
// and a program that uses it is linked with the CUDA driver.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include <cuda.h>

#include "runtime/exec/runtime.h"

namespace troika {
namespace detail {

inline void check_cuda(CUresult result, const char* call) {
  if (result == CUDA_SUCCESS) return;
  const char* name = nullptr;
  if (cuGetErrorName(result, &name) != CUDA_SUCCESS || name == nullptr) name = "unknown error";
  throw Error{Status{Code::unavailable, std::string{call} + ": " + name}};
}

// A word that the stream waits for: how many of its runs are over. The device reads it.
struct RunsOver {
  RunsOver() {
    check_cuda(cuMemHostAlloc(&memory, sizeof(cuuint32_t),
                              CU_MEMHOSTALLOC_PORTABLE | CU_MEMHOSTALLOC_DEVICEMAP),
               "cuMemHostAlloc");
    word().store(0);
  }
  RunsOver(const RunsOver&) = delete;
  RunsOver& operator=(const RunsOver&) = delete;
  ~RunsOver() { cuMemFreeHost(memory); }

  std::atomic_ref<cuuint32_t> word() const {
    return std::atomic_ref<cuuint32_t>{*static_cast<cuuint32_t*>(memory)};
  }

  void* memory = nullptr;
};

// Tells the stream of the end of a run and of what belongs to it; lives until it has.
class TellStream final : public Job {
 public:
  TellStream(const RunsOver& over, cuuint32_t count, std::size_t parts) noexcept
      : over_{over}, count_{count}, parts_{parts} {}
  // One part is over.
  void run(unsigned /*worker*/) noexcept override {
    if (parts_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
    const auto word = over_.word();
    const cuuint32_t count = count_;
    delete this;
    word.store(count);  // the last that is done: the word may go then
  }

 private:
  ~TellStream() = default;

  const RunsOver& over_;
  const cuuint32_t count_;
  std::atomic<std::size_t> parts_;
};

inline void CUDA_CB open_gate(void* held) {
  const std::unique_ptr<std::shared_ptr<Gate>> gate{static_cast<std::shared_ptr<Gate>*>(held)};
  (*gate)->open();
}

}  // namespace detail

// What of a run's buffers the work on a stream uses, in the host's memory.
struct StreamUse {
  // By what is before the run. Nobody else uses these bytes meanwhile.
  std::vector<Operand> written = {};
  // By what follows: the run's results are brought there.
  std::vector<Operand> read = {};
};

// One stream of the caller's. Its context is current wherever this is used, by one thread at a
// time, and it outlives this, as the runtime does.
class CudaStream {
 public:
  // Throws Code::unavailable, with the driver's words, as run() does.
  CudaStream(Runtime& runtime, CUstream stream)
      : core_{runtime.core()}, stream_{stream}, over_{std::make_unique<detail::RunsOver>()} {}
  CudaStream(const CudaStream&) = delete;
  CudaStream& operator=(const CudaStream&) = delete;
  // Waits for the stream.
  ~CudaStream() {
    // Runs of a stream that failed may still be under way, and will write the word.
    if (cuStreamSynchronize(stream_) != CUDA_SUCCESS) static_cast<void>(over_.release());
  }

  // A run that begins behind all that is on the stream. What is put there later waits until the run
  // is over, however it ends. Where an error stops the stream before it has come to the run, that
  // never begins: cancel it.
  Run run(const Plan& plan, const StreamUse& use = {}, std::span<const Binding> bindings = {},
          RunOptions options = {}) {
    const auto written = accesses(use.written, Access::write);
    const auto read = accesses(use.read, Access::read);
    CUdeviceptr word = 0;
    detail::check_cuda(cuMemHostGetDevicePointer(&word, over_->memory, 0),
                       "cuMemHostGetDevicePointer");
    options.after = std::make_shared<Gate>();
    auto held = std::make_unique<std::shared_ptr<Gate>>(options.after);
    detail::check_cuda(cuLaunchHostFunc(stream_, &detail::open_gate, held.get()),
                       "cuLaunchHostFunc");
    static_cast<void>(held.release());  // the stream's now

    auto* const tell = new detail::TellStream{*over_, ++runs_, 1 + read.size()};
    Status failed;
    const auto start = [&](const std::shared_ptr<PlanState>& of, Job* completion,
                           std::span<const Binding> bound, const RunOptions& wanted) {
      auto started = core_->start(of, bound, completion, nullptr, {}, wanted);
      if (started.ok()) return *std::move(started);
      failed = started.status();
      if (completion != nullptr) completion->run(0);
      return std::shared_ptr<RunState>{};
    };
    // In this order the buffers' own order is the runs'.
    for (const auto& access : written) start(access, nullptr, {}, {.after = options.after});
    auto run = start(plan.state(), tell, bindings, options);
    for (const auto& access : read) start(access, tell, {}, {});
    detail::check_cuda(cuStreamWaitValue32(stream_, word, runs_, CU_STREAM_WAIT_VALUE_GEQ),
                       "cuStreamWaitValue32");
    throw_if_failed(failed);
    return {core_, std::move(run)};
  }

 private:
  std::vector<std::shared_ptr<PlanState>> accesses(const std::vector<Operand>& views,
                                                   Access mode) const {
    std::vector<std::shared_ptr<PlanState>> plans;
    for (const Operand& view : views)
      plans.push_back(value_or_throw(core_->compile_access(view, mode)));
    return plans;
  }

  const std::shared_ptr<RuntimeCore> core_;
  const CUstream stream_;
  std::unique_ptr<detail::RunsOver> over_;
  cuuint32_t runs_ = 0;
};

}  // namespace troika
