#include "backends/host/host.h"
#include "backends/host/queue_core.h"

namespace troika::host {

Queue::Queue(QueueId id, Environment& environment, WorkerPool& workers, Queues& queues,
             QueueListener& listener)
    : id_{id},
      queues_{queues},
      core_{std::make_shared<QueueCore>(id, environment, workers, listener)} {
  queues_.add(id_, core_);
}

Queue::~Queue() {
  queues_.remove(id_);
  core_->orphan();
}

Result<Timepoint> Queue::copy(const CopyOp& op) {
  for (const Span2D& span : {op.from, op.to})
    if (Status reachable = check_span(span); !reachable.ok()) return reachable.within("copy");
  if (op.from.row_bytes != op.to.row_bytes || op.from.rows != op.to.rows)
    return Status{Code::invalid_argument, "copy: " + std::to_string(op.from.rows) + " rows of " +
                                              std::to_string(op.from.row_bytes) + " bytes to " +
                                              std::to_string(op.to.rows) + " of " +
                                              std::to_string(op.to.row_bytes)};
  return core_->push([&](Operation& operation) {
    operation.kind = Operation::Kind::copy;
    operation.from = op.from;
    operation.to = op.to;
  });
}

Result<Timepoint> Queue::fill(const FillOp& op) {
  if (Status reachable = check_span(op.to); !reachable.ok()) return reachable.within("fill");
  if (op.to.row_bytes % size_of(op.value.type) != 0)
    return Status{Code::invalid_argument, "fill: rows of " + std::to_string(op.to.row_bytes) +
                                              " bytes with " + std::string{name_of(op.value.type)}};
  return core_->push([&](Operation& operation) {
    operation.kind = Operation::Kind::fill;
    operation.to = op.to;
    operation.scalar = op.value;
  });
}

Result<Timepoint> Queue::launch(const LaunchOp& op) {
  const auto* kernel = dynamic_cast<const Kernel*>(op.kernel);
  if (!kernel) return Status{Code::invalid_argument, "launch: not a kernel that the host loaded"};
  TROIKA_TRY(kernel->check(op.args));
  return core_->push([&](Operation& operation) {
    operation.kind = Operation::Kind::launch;
    operation.function = kernel->loaded();
    operation.args.assign(op.args.begin(), op.args.end());
    operation.context = op.context;
  });
}

// The workers and whoever else reads host memory share its caches.
Result<Timepoint> Queue::hand_over(const HandOver& op) {
  if (Status reachable = check_span(op.span); !reachable.ok()) return reachable.within("hand_over");
  return Timepoint{id_, 0};
}

Status Queue::wait_for(Timepoint other) {
  if (other.trivial()) return {};
  std::shared_ptr<QueueCore> core = queues_.find(other.queue);
  if (!core)
    return {Code::invalid_argument,
            "wait_for: the host has no queue " + std::to_string(other.queue.value)};
  if (core == core_ || core->reached() >= other.value) return {};
  return core_
      ->push([&](Operation& operation) {
        operation.kind = Operation::Kind::wait;
        operation.other = std::move(core);
        operation.other_value = other.value;
      })
      .status();
}

Status Queue::flush() { return core_->flush(); }

Timepoint Queue::abandon() noexcept { return {id_, core_->abandon()}; }

Timepoint Queue::reached() const noexcept { return {id_, core_->reached()}; }

std::size_t Queue::capacity() const noexcept { return QueueCore::operations_max; }

}  // namespace troika::host
