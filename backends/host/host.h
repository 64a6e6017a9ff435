// The CPU cores of this machine as a device. Linked in, not a plug-in.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "runtime/device/device.h"
#include "runtime/device/worker_pool.h"

namespace troika {

// Opens one device, "host", with one lane for each of BackendOptions::workers' workers.
// Code::invalid_argument without an environment or workers, which outlive the device.
extern const Backend host_backend;

namespace host {

class Memory final : public troika::Memory {
 public:
  SpaceId space() const noexcept override { return host_space; }
  std::size_t bytes_free() const noexcept override;
  Result<std::unique_ptr<Allocation>> allocate(const AllocOp& op) override;
  Result<std::unique_ptr<Allocation>> attach(const Allocation& same_space) override;
  Result<std::unique_ptr<Allocation>> adopt(std::span<std::byte> host) override;
};

// What a launch needs of a kernel; a launch that never returns keeps it.
struct LoadedFunction {
  std::string operation;
  std::vector<Param> params;
  HostFunction function;
};

class Kernel final : public troika::LoadedKernel {
 public:
  static Result<std::unique_ptr<troika::LoadedKernel>> load(const KernelImage& image);
  const std::shared_ptr<const LoadedFunction>& loaded() const noexcept { return loaded_; }
  // Whether `args` fit the parameters and lie where the host can reach them.
  Status check(std::span<const KernelArg> args) const;

 private:
  explicit Kernel(std::shared_ptr<const LoadedFunction> loaded) : loaded_{std::move(loaded)} {}
  std::shared_ptr<const LoadedFunction> loaded_;
};

// Whether `span` lies within an allocation that the host can reach.
Status check_span(const Span2D& span);

class QueueCore;

// The queues of one device by their ids, for wait_for.
class Queues {
 public:
  void add(QueueId id, const std::shared_ptr<QueueCore>& core);
  void remove(QueueId id);
  std::shared_ptr<QueueCore> find(QueueId id) const;

 private:
  mutable std::mutex mutex_;  // protects cores_
  std::map<QueueId, std::weak_ptr<QueueCore>> cores_;
};

// A token in the worker pool: whichever worker takes it runs its operations in order.
class Queue final : public troika::Queue {
 public:
  Queue(QueueId id, Environment& environment, WorkerPool& workers, Queues& queues,
        QueueListener& listener);
  ~Queue() override;

  Result<Timepoint> copy(const CopyOp& op) override;
  Result<Timepoint> fill(const FillOp& op) override;
  Result<Timepoint> launch(const LaunchOp& op) override;
  Result<Timepoint> hand_over(const HandOver& op) override;
  Status wait_for(Timepoint other) override;
  Status flush() override;
  Timepoint abandon() noexcept override;
  Timepoint reached() const noexcept override;
  std::size_t capacity() const noexcept override;

 private:
  const QueueId id_;
  Queues& queues_;
  // The workers hold it too: an operation that never returns outlives the queue.
  std::shared_ptr<QueueCore> core_;
};

class Device final : public troika::Device {
 public:
  Device(Environment& environment, WorkerPool& workers);

  const DeviceInfo& info() const noexcept override { return info_; }
  Memory& memory() noexcept override { return memory_; }
  Result<std::unique_ptr<troika::LoadedKernel>> load(const KernelImage& image) override;
  Result<std::unique_ptr<troika::Queue>> create_queue(QueueId id, QueueUse use, unsigned lane,
                                                      QueueListener& listener) override;

 private:
  Environment& environment_;
  WorkerPool& workers_;
  DeviceInfo info_;
  Memory memory_;
  Queues queues_;
};

}  // namespace host
}  // namespace troika
