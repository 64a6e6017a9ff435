// What every handle of a runtime shares: devices, kernels, buffers, the executor.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "runtime/base/environment.h"
#include "runtime/device/device.h"
#include "runtime/device/worker_pool.h"
#include "runtime/exec/device_table.h"
#include "runtime/exec/executor.h"
#include "runtime/exec/gate.h"
#include "runtime/exec/lane_tracing.h"
#include "runtime/exec/shared_pool.h"
#include "runtime/graph/graph.h"
#include "runtime/graph/kernel_registry.h"
#include "runtime/trace/html_report.h"
#include "runtime/trace/metrics.h"

namespace troika {

// What a runtime is made of. The members are destroyed in reverse order.
struct RuntimeParts {
  std::unique_ptr<Environment> owned_environment;  // may be null when `environment` outlives all
  Environment* environment = nullptr;
  std::unique_ptr<WorkerPool> owned_workers;
  WorkerPool* workers = nullptr;
  SharedPool* shared = nullptr;                  // `workers`, when a host lane may run on them too
  HostLaneOptions lane;                          // without a recorder: that is the runtime's trace
  std::vector<std::unique_ptr<Device>> devices;  // the first has the host's space
  std::vector<Missing> missing;
  std::unique_ptr<Policy> policy;  // in the place of the one that the options name; may be null
};

// A buffer or a scalar of a plan replaced for one run.
struct Binding {
  bool is_buffer = false;
  Storage from, to;  // buffers
  TaskIndex task;    // scalars
  std::uint32_t argument = 0;
  Scalar scalar;
};

// What one run of a plan wants.
struct RunOptions {
  // After its submission; of tasks with a deadline of their own the earlier one counts. Decides who
  // goes first within a priority class; nothing is stopped when it has passed. Such a run is placed
  // task by task, never on the host lane as a whole.
  Nanos deadline = forever;
  // It ends at once, with Code::exhausted, where by what is known it cannot be over by then beside
  // the runs with deadlines that are under way.
  bool refuse_late = false;
  // The run is not admitted before this is open, and holds up later ones that use one of its
  // buffers meanwhile, as any that is not admitted does.
  std::shared_ptr<Gate> after = nullptr;
};

// All calls but the constructor may come from any thread.
class RuntimeCore : public std::enable_shared_from_this<RuntimeCore> {
 public:
  static Result<std::shared_ptr<RuntimeCore>> create(RuntimeParts parts, std::string_view policy,
                                                     std::uint64_t seed, ExecutorOptions options,
                                                     std::vector<std::string> only);
  ~RuntimeCore();
  // Cancels what runs, waits for it, closes the devices' queues. Later calls fail as unavailable.
  void shut_down() noexcept;

  KernelRegistry& kernels() noexcept { return kernels_; }
  Executor& executor() noexcept { return *executor_; }
  Environment& environment() noexcept { return *parts_.environment; }
  WorkerPool* workers() noexcept { return parts_.workers; }
  std::span<const std::unique_ptr<Device>> devices() const noexcept { return devices_->all(); }
  const std::vector<Missing>& missing() const noexcept { return parts_.missing; }
  // Code::unavailable after shut_down() or in a forked child.
  Status usable() const;

  Result<std::shared_ptr<BufferState>> create_buffer(std::size_t bytes);
  // Code::invalid_argument when the span overlaps another adopted one.
  Result<std::shared_ptr<BufferState>> adopt(std::span<std::byte> host);
  // Code::invalid_argument, naming `used_by`, when the user has let go of it.
  Result<std::shared_ptr<BufferState>> find_buffer(BufferId id, std::string_view used_by) const;
  void release_buffer(std::shared_ptr<BufferState> buffer) noexcept;

  // Of a plan that runs once only the way that is sure to be taken is laid out.
  enum class Runs : std::uint8_t { once, many };
  Result<std::shared_ptr<PlanState>> compile(const Graph& graph, Runs runs);
  Result<std::shared_ptr<RunState>> start(const std::shared_ptr<PlanState>& plan,
                                          std::span<const Binding> bindings, Job* completion,
                                          RunState* parent = nullptr, TaskIndex parent_task = {},
                                          const RunOptions& options = {});
  // The run's outcome. Code::would_deadlock on a worker outside blocking(); Code::timed_out at the
  // deadline.
  Status wait(RunState& run, Nanos deadline);
  // Takes the device out of service or puts it back, and waits until that is so. Code::not_found
  // for none of that name, Code::invalid_argument for the host, Code::would_deadlock as wait(),
  // Code::device_lost for a device that is lost, also while it leaves; Code::out_of_memory when
  // what it alone holds has no room on the host: it then runs nothing more, and keeps that.
  Status set_in_service(std::string_view device, bool in_service);
  // Takes the device in, which may be used when this returns, and by runs under way for what is not
  // placed yet: their kernels are built for it on this thread. Several calls wait for one another.
  // Code::invalid_argument when a device of that name is here and not lost, or when it has a space
  // that cannot be, Code::exhausted beyond `devices_max`, Code::would_deadlock on a worker, and
  // whatever its queues cannot be made for: the device is then given up.
  Status add_device(std::unique_ptr<Device> device);
  // The same with each that `open` finds for the backend; what could not be taken in is among what
  // it returns. Code::invalid_argument when devices of that backend are here and not lost.
  Result<std::vector<Missing>> add_backend(std::string_view name, std::string keys,
                                           Opened (*open)(std::string_view, const BackendOptions&));
  // Code::not_found for no device of that name.
  Status limit_tenant(TenantId tenant, std::string_view device, std::size_t bytes);
  // A plan that brings the view into the host's hands when it is run.
  Result<std::shared_ptr<PlanState>> compile_access(Operand view, Access mode);
  // The same at once; returns the region's address.
  Result<std::byte*> access(BufferId buffer, Region region, Access mode);
  // Runs `body` while another thread takes this worker's place.
  Status blocking(void (*body)(void*), void* state);
  // For each device, whether it can run the task, and why not.
  std::size_t bytes_of(const PlanState& plan) const noexcept;
  std::string explain(const PlanState& plan, TaskIndex task) const;
  // Devices that came after the plan was made may have its tasks.
  void take_in_new_devices(PlanState& plan);
  std::vector<Metric> metrics() const;
  Report report() const;
  // How the plan would go, alone on idle devices, by what the cost model has learned so far.
  Result<Forecast> predict(const PlanState& plan) const;
  Result<bool> optimize(PlanState& plan, Nanos budget);

 private:
  RuntimeCore() = default;
  struct Loaded {
    std::unique_ptr<LoadedKernel> kernel;
    const KernelImage* image = nullptr;
    Status why;  // when there is none
  };
  // What a plan takes from it: Loaded may change when an image is added later.
  struct Found {
    const LoadedKernel* kernel = nullptr;
    const KernelImage* image = nullptr;
    Status why;
  };
  bool may_choose(const PlanState& plan) const noexcept;
  // A run of the plan is about to start, or only asked about.
  bool goes_to_host_lane(const PlanState& plan) const;
  template <class Ask>
  bool lane_takes(const PlanState& plan, Ask&& ask) const;
  bool host_may_be_as_good(const PlanState& plan) const;
  Result<Forecast> forecast(const PlanState& plan, DeviceMask among) const;
  Found load(const Operation& operation, DeviceId device);
  PlanState::OperationOn load_on(const Operation& operation, std::size_t first, std::size_t end);
  DeviceMask able(const PlanState::OperationOn& on, const PlanState::Choice& choice,
                  std::size_t end) const;
  Result<DeviceId> find_device(std::string_view name) const;
  Status may_come(const DeviceInfo& device) const;
  template <class Is>
  bool is_here(Is&& is) const;
  Status take_in(std::unique_ptr<Device> device);
  void leave_out_unfit(const PlanState& plan, std::span<PlanState::OperationOn> loaded,
                       std::span<DeviceMask> able);
  Status check_within_parent(const RunState& child) const;
  static Status check_bound_apart(const RunState& run, const TaskGraph& graph);
  static Status bind_scalar(const TaskGraph& graph, const Binding& binding, std::vector<Arg>& args);
  bool must_not_wait() const noexcept;
  Status prepare(const PlanState& plan);
  void define_accesses();
  // Tasks that want their bytes in the host's hands and run no kernel of the strand's: a caller's
  // accesses, and runs of the host lane.
  bool is_access(const Operation& operation) const noexcept;

  RuntimeParts parts_;  // but for the devices
  std::unique_ptr<DeviceTable> devices_;
  KernelRegistry kernels_;
  std::atomic<DeviceMask> allowed_{0};  // devices that may run kernels
  std::string policy_;
  bool leaves_to_host_lane_ = false;  // the policy does
  std::uint64_t seed_ = 0;
  std::uint64_t generation_ = 0;
  std::atomic<bool> closed_{false};
  std::unique_ptr<Executor> executor_;
  std::unique_ptr<LaneTracing> lane_tracing_;
  std::unique_ptr<HostLane> host_lane_;  // null: every task goes over the strand

  std::mutex adding_;     // held while a device comes, and while the runtime ends
  std::mutex extending_;  // held while a plan takes in new devices
  std::mutex loading_;    // protects loaded_
  std::map<std::pair<const Operation*, std::uint32_t>, Loaded> loaded_;

  mutable std::mutex mutex_;                                               // protects what follows
  std::unordered_map<std::uint32_t, std::weak_ptr<BufferState>> buffers_;  // by id
  std::map<const std::byte*, const std::byte*> adopted_;                   // begin to end
  std::uint32_t next_buffer_ = 0;
  std::uint64_t next_run_ = 0;
  std::vector<std::weak_ptr<RunState>> live_runs_;
};

}  // namespace troika
