// Host pages that copies go to and from, made fit for DMA where that pays.
#pragma once

#include <memory>
#include <span>
#include <utility>

#include "runtime/base/environment.h"
#include "runtime/device/memory.h"
#include "runtime/device/worker_pool.h"
#include "runtime/exec/inbox.h"

namespace troika {

class Executor;

// Asks a device to pin a buffer's pages, on a worker: the vendor may take long. It holds the buffer
// where it is until the executor has the answer.
class PinJob final : public Job {
 public:
  PinJob(Executor& executor, const Environment& environment, Memory& memory, PinAnswer answer,
         std::span<std::byte> pages) noexcept
      : executor_{executor},
        environment_{environment},
        memory_{memory},
        answer_{std::move(answer)},
        pages_{pages} {}

  // It then belongs to its run.
  static void enqueue(std::unique_ptr<PinJob> job, WorkerPool& workers);
  void run(unsigned worker) noexcept override;

 private:
  Executor& executor_;
  const Environment& environment_;
  Memory& memory_;
  PinAnswer answer_;
  const std::span<std::byte> pages_;
  std::unique_ptr<PinJob> self_;
};

}  // namespace troika
