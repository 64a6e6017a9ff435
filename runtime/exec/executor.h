// The one place that acts: takes each task from submission to retirement.
#pragma once

#include <array>
#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "runtime/base/environment.h"
#include "runtime/base/strand.h"
#include "runtime/device/device.h"
#include "runtime/device/worker_pool.h"
#include "runtime/exec/device_table.h"
#include "runtime/exec/inbox.h"
#include "runtime/exec/lane.h"
#include "runtime/exec/store.h"
#include "runtime/exec/tracing.h"
#include "runtime/sched/cost_memo.h"
#include "runtime/sched/cost_model.h"
#include "runtime/sched/deadlines.h"
#include "runtime/sched/forecast.h"
#include "runtime/sched/link_model.h"
#include "runtime/sched/mix_prices.h"
#include "runtime/sched/policy.h"

namespace troika {

struct ExecutorOptions {
  std::size_t ahead = 3;                 // tasks bound to a lane beyond the one that runs
  std::size_t ahead_in_full_space = 1;   // of those, such that drive out what lies there
  std::size_t queue_tasks_max = 128;     // tasks in a queue at once
  Nanos horizon_min{100'000};            // predicted work kept in a queue, at least
  std::uint32_t lane_replacements = 16;  // workers lost to hung kernels, and replaced
  std::uint32_t copies_failed_max = 8;   // in a row, before the device is given up
  Nanos transfer_timeout{30'000'000'000};
  Nanos first_run_allowance{5'000'000'000};  // added to the timeout of a kernel's first run
  WorkerPool* workers = nullptr;             // completion callbacks run there
  TraceOptions trace{.level = TraceLevel::off};
  std::string costs;  // what Executor::costs() gave in an earlier process; empty: nothing is known
};

// What happened since the start, for reports and tests.
struct Counters {
  std::uint64_t bytes_copied = 0;
  std::uint64_t bytes_handed_over = 0;
  std::uint64_t copies = 0, hand_overs = 0;
  std::uint64_t tasks_done = 0;
  std::uint64_t attempts_failed = 0;
  std::uint64_t recovered = 0;     // tasks done after a failed attempt
  std::uint64_t recalled = 0;      // issued tasks taken back before they began: no attempt
  std::uint64_t tasks_failed = 0;  // given up
  std::uint64_t tasks_poisoned = 0;
  std::uint64_t tasks_cancelled = 0;
  std::uint64_t reads_refused = 0;  // data_lost
  std::uint64_t devices_lost = 0;
  std::uint64_t evictions = 0;
  std::uint64_t write_backs = 0;
  std::uint64_t allocations = 0;  // of memory for buffers, asked of devices
  std::uint64_t reuses = 0;       // of memory that other buffers had given back
  std::uint64_t pins = 0;         // of buffers' pages on the host, for a device's DMA
  std::uint64_t quarantined_bytes = 0;
  std::uint64_t leases = 0;          // runs that the host lane took
  std::uint64_t leases_refused = 0;  // done task by task: bytes were lost or lay elsewhere
  std::vector<std::uint64_t> tasks_by_device;
};

// What a plan is looked at for before it runs: what its policy wants to know, or also what its
// tasks are worth, for whoever adds up work.
enum class Look : std::uint8_t { as_policy_asks, at_prices };

// Decisions are made on the strand: pass() and everything below it. The public members up to there
// may be called by any thread.
class Executor final : public Service {
 public:
  // `environment` and `table` outlive it. The first device owns the host's space.
  Executor(Environment& environment, const DeviceTable& table, std::unique_ptr<Policy> policy,
           ExecutorOptions options);
  ~Executor();

  // Takes in the next device of the table: makes its queues on this thread, which may take the
  // vendor long, then its lanes. One call at a time. A device that it fails for it knows nothing
  // of.
  Status add_device();
  // Once, after the first devices.
  Status start();
  // Cancels every run, waits for what is in flight on healthy devices, and lets go of the queues.
  void stop() noexcept;

  void submit(std::shared_ptr<RunState> run);
  void cancel(std::shared_ptr<RunState> run);
  // `gone` (may be null) is set when nothing touches the buffer any more.
  void release(std::shared_ptr<BufferState> buffer, std::shared_ptr<Event> gone);
  void post(Message message);
  // Grants a host access at once where nothing would have to be done or waited for; false where it
  // has to be submitted as a run.
  bool access_quiet(BufferState& buffer, const Region& region, Access mode);

  Counters counters() const;
  // What was learned of kernels' times, as text.
  std::string costs() const;
  Trace& trace() noexcept { return tracing_.trace(); }
  // The runs that the trace knows the graphs of.
  RunLog::Snapshot traced_runs() const;
  // Now, as opposed to what Counters count.
  struct Gauges {
    std::size_t runs_under_way = 0, runs_waiting = 0;
    std::vector<SpaceUse> spaces;
  };
  Gauges gauges() const;
  // What is not over and where it stands: for the report of a stall.
  std::string unfinished() const;
  // How the device comes by so many bytes that lie on the host, and what that is predicted to take.
  std::string sharing(DeviceId device, std::size_t bytes) const;
  DeviceMask open_devices() const noexcept { return open_devices_.load(std::memory_order_relaxed); }
  // Such that are out of service, lost or not.
  DeviceMask away_devices() const noexcept { return away_devices_.load(std::memory_order_relaxed); }
  DeviceMask hung_devices() const noexcept { return hung_devices_.load(std::memory_order_relaxed); }
  // What the tenant's tasks bring to the space is from now on at most so many bytes.
  void limit_tenant(TenantId tenant, SpaceId space, std::size_t bytes);
  // Fills in kernels' numbers, able devices' predicted costs and ranks.
  void price(PlanState& plan);
  // What devices that have come since the plan was made can do of it: by operation, and by kind.
  // Tasks that are not placed yet may go there at once.
  void take_in(PlanState& plan, std::span<const PlanState::OperationOn> loaded,
               std::span<const DeviceMask> able, PlanState::LaneUse use);
  // Where the policy looks ahead: finds the plan's outlook, and again, with its ranks, when much
  // has been learned since. Takes forecasts of the whole plan.
  void look_out(PlanState& plan, Look look = Look::as_policy_asks);
  // Searches for a better outlook for that long, on this thread, by what is known now; true when
  // one was found. `policy`: a fresh one. Runs that are admitted later go by it, and by the one
  // before again when the shortest of the first few was longer than the shortest until now.
  Result<bool> optimize(PlanState& plan, Policy& policy, Nanos budget);
  // What a fresh `policy` would make of the plan on these devices but those that are lost or out of
  // service, at what is known now.
  Result<Forecast> predict(const PlanState& plan, Policy& policy, DeviceMask among) const;

  void serve() noexcept override;

 private:
  friend class Strand<Executor>;
  class View;
  class Listener;

  // Whether a device that is given up is known to touch nothing any more. Only the device itself
  // can tell; one that merely fails at something goes on with what it has begun.
  enum class Gone : std::uint8_t { yes, maybe_not };

  // The walk of a task, in order (executor.cpp).
  void pass() noexcept;
  bool fill();
  bool fill(Lane& lane);
  bool place(RunState& run, TaskIndex task, Lane& lane);
  bool issue_placed(Lane& lane);
  bool issuable(const RunState& run, TaskIndex task, const Lane& lane);
  Status issue(Lane& lane, std::size_t placed);
  void release_followers(RunState& run, TaskIndex task, LaneId lane);
  void flush();
  Nanos horizon(const Lane& lane) const noexcept;
  bool has_room(const Lane& lane) const;
  bool has_room_in_queue(const Lane& lane) const;
  bool busy() const;
  bool force_a_task();
  bool force(const ReadyTask& task, Lane& lane);
  void heed_expiry(const QueueState& from);
  void set_alarm();
  void tell(RunState& run);

  // predict.cpp
  struct Snapshot;
  Snapshot snapshot(const PlanState& plan, DeviceMask among) const;
  void drop_if_outdated(PlanState& plan) const;
  void take_outlook(RunState& run);
  void drop_outlook(RunState& run);
  void count_area(RunState& run, TaskIndex task, bool taken);
  void note_outlook(const RunState& run);

  // decisions.cpp
  void trace_placement(const RunState& run, TaskIndex task, const Lane& chosen);

  // admission.cpp
  void accept(std::shared_ptr<RunState> run);
  Status promise(RunState& run);
  void end_promise(const RunState& run);
  bool admit_waiting();
  bool may_admit(const RunState& run, std::size_t position) const;
  void admit(RunState& run);
  static void refine(RunState& run);
  static bool are_siblings(const RunState& a, const RunState& b);
  void bind_scratch(RunState& run);
  void link(RunState& earlier, TaskIndex from, RunState& later, TaskIndex to);
  void consider(RunState& run, TaskIndex task);
  void make_ready(RunState& run, TaskIndex task);
  DeviceId assigned_to(const RunState& run, TaskIndex task) const;
  bool may_go_to(const RunState& run, TaskIndex task, DeviceId device) const;
  void insert_ready(const ReadyTask& task);
  bool erase_ready(const ReadyTask& task);
  static unsigned samples_for(bool touches_first, const Estimate& estimate) noexcept;
  void unready(RunState& run, TaskIndex task);
  void withdraw(RunState& run, TaskIndex task);
  ReadyTask ready_task(const RunState& run, TaskIndex task) const;
  DeviceMask able_now(const RunState& run, TaskIndex task) const;
  void complete(RunState& run);
  static void note_way(const RunState& run);
  void watch(const std::shared_ptr<BufferState>& buffer);

  // staging.cpp
  enum class Staged : std::uint8_t { complete, under_way, impossible };
  void footprint(const RunState& run, TaskIndex task, std::vector<BufferState*>& buffers) const;
  std::size_t footprint_bytes(const RunState& run, TaskIndex task);
  Store::Answer reserve(RunState& run, TaskIndex task, SpaceId space, bool may_evict = true);
  void release_holds(RunState& run, TaskIndex task, SpaceId space);
  void room_given_back();
  void wait_for_room(Lane& lane);
  void park(RunState& run, TaskIndex task);
  bool resume_parked();
  Status fits_nowhere(const RunState& run, TaskIndex task);
  std::string limit_text(TenantId tenant, DeviceId device) const;
  SpaceMask direct_into(SpaceId space) const;
  Staged stage(RunState& run, TaskIndex task, SpaceId space, AgentMask agent);
  Staged stage(BufferState& buffer, const Coherence::Want& want);
  bool stage_placed(RunState& run, TaskIndex task, Lane& lane);
  Status unreadable(RunState& run, TaskIndex task);
  static std::string name_of(const BufferState& buffer);
  QueueState* copier(SpaceId from, SpaceId to);
  bool start_copy(BufferState& buffer, const Region& region, SpaceId from, SpaceId to);
  bool start_release(BufferState& buffer, const Move& move);
  Status acquire(RunState& run, TaskIndex task, Lane& lane);
  bool within(const Frontier& points, DeviceId device) const;
  Result<std::vector<Timepoint>> wait_within(QueueState& into, const Frontier& points,
                                             const RunState* run);
  Result<Span2D> span_of(BufferState& buffer, const Region& region, SpaceId space, DeviceId device);
  bool serve_accesses();
  bool serve_access(RunState& run, TaskIndex task);
  bool reached(Timepoint point, const RunState* on_behalf = nullptr) const;
  void note(QueueState& into, InFlight operation);

  // pinning.cpp
  void note_link(const QueueState& via, const InFlight& copy, const Interval* measured);
  HostPagesAre pages_of(BufferState& buffer, DeviceId device) const;
  void consider_pinning(DeviceId device, const InFlight& copy);
  Nanos pin_cost(std::size_t bytes) const noexcept;
  void pin_answered(PinAnswer&& answer);

  // lease.cpp
  bool fits_host_lane(const RunState& run);
  void run_by_tasks(RunState& run);
  void restart_by_tasks(RunState& run);
  void start_lease(RunState& run);
  void lane_over(RunState& run);

  // departure.cpp
  void change_service(const ServiceChange& change);
  void serve_departures();
  bool bring_home(DeviceId device, Status& outcome);
  bool is_unused(DeviceId device);
  void clear_out(DeviceId device);
  bool is_alone_in_its_space(DeviceId device) const;
  bool is_lost(DeviceId device) const noexcept { return (open_devices() & bit(device)) == 0; }
  void keep_freed(DeviceId device);

  // eviction.cpp
  bool make_room(SpaceId space);
  void foresee_uses();

  // blocking.cpp
  void block_lane(const Blocked& blocked);
  void end_block(Lane& on);
  bool works() const;

  // retire.cpp
  void retire(Advanced&& advanced);
  bool retire_told(QueueState& from);
  bool retire_up_to(QueueState& from, const Advanced& advanced);
  void retire(QueueState& from, const InFlight& operation, const Status& status,
              std::span<const Interval> measured);
  void spoil_readers(const InFlight& failed, DeviceId device, const Status& status);
  void spoil_task(InFlight& task, const Status& status);
  void restage(const BufferState& buffer);
  void retire_task(RunState& run, TaskIndex task, QueueState& from, const InFlight& operation,
                   const Status& reported, const Interval* measured);
  void succeed(RunState& run, TaskIndex task);
  void fail_writes(RunState& run, TaskIndex task, const Status& cause);
  void undo(RunState& run, TaskIndex task);
  void observe(RunState& run, TaskIndex task, const QueueState& from, const InFlight& operation,
               const Interval* measured);
  void leave_queue(RunState& run, TaskIndex task, Lane& on);
  void leave_flight(RunState& run, TaskIndex task);
  void go_on(RunState& run, TaskIndex task);
  void end(RunState& run, TaskIndex task, TaskState::End how);
  bool finish_ended();
  void finish(RunState& run, TaskIndex task, TaskState::End end);
  void drain_recoveries(Lane& on);
  void join_failed(RunState& parent, TaskIndex task, const Status& cause);
  void child_over(const RunState& child);

  // recovery.cpp
  void attempt_failed(RunState& run, TaskIndex task, Lane& on, const Status& status);
  static Status half_written(const PlanState& plan, TaskIndex task, const Status& cause);
  void doom_followers(RunState& run, TaskIndex task);
  void decide_after_failure(RunState& run, TaskIndex task, DeviceId device);
  void give_up(RunState& run, TaskIndex task, const Status& why);
  void poison_successors(RunState& run, TaskIndex task, const Status& cause);
  bool detach(RunState& run, TaskIndex task);
  void end_without_running(RunState& run, TaskIndex task, const Status& cause);
  void unplace(Lane& on, RunState& run, TaskIndex task);
  void take_back(Lane& on, RunState& run, TaskIndex task);
  void heed_cancel(RunState& run);
  void cancel_now(RunState& run);
  void cancel_children(const RunState& run, TaskIndex task);  // no task: of all
  void note_failure(DeviceId device, const Status& status, Gone gone);
  void note_refusal(DeviceId device, const Status& status);
  bool lose_what_failed();
  void check_timeouts();
  Nanos expiry(const QueueState& from) const;
  void close_queue(QueueState& from, const Status& cause, Gone gone);
  void recall(QueueState& from, const InFlight& operation, const Status& cause);
  void resume_recalled();
  void quarantine(const InFlight& operation, DeviceId device);
  void seal_tainted(const Status& cause);
  void lose_device(DeviceId device, const Status& status, Gone gone);
  void lose_lane(Lane& on, const Status& cause);
  void restage_all();
  std::vector<Placed> withdraw_ready();
  void reconsider(std::span<const Placed> withdrawn);
  void reconsider_ready() { reconsider(withdraw_ready()); }
  void dispose_of_released();
  Status at_device(DeviceId device, const Status& status) const;

  // Tasks of the run, and of later runs that wait for it.
  template <class Visit>
  void each_successor(RunState& run, TaskIndex task, Visit&& visit) {
    for (const std::uint32_t successor : run.plan->graph->successors(task))
      visit(run, TaskIndex{successor});
    for (std::uint32_t i = run.tasks[task.value].first_link; i != ~0U; i = run.links[i].next)
      visit(*run.links[i].run, run.links[i].task);
  }
  // Whether every point that `gather` includes in the frontier it is given is reached.
  template <class Gather>
  bool all_reached(Gather&& gather, const RunState* on_behalf = nullptr) {
    waits_.clear();
    gather(waits_);
    bool all = true;
    waits_.for_each([&](Timepoint point) { all = all && reached(point, on_behalf); });
    return all;
  }
  Status add_lane(DeviceId device, unsigned number, bool stands_in);
  Lane& new_lane(DeviceId device, unsigned number);
  struct MadeQueue {
    QueueId id;
    QueueUse use;
    unsigned number;
    std::unique_ptr<Queue> queue;
  };
  QueueId reserve_queue(DeviceId device);
  Status make_queues(DeviceId device, std::vector<MadeQueue>& queues);
  void open_queue(MadeQueue made, LaneId lane);
  void open_memory(DeviceId device);
  void open_device(DeviceId device, std::vector<MadeQueue> queues);
  Status create_queue(DeviceId device, QueueUse use, unsigned number, LaneId lane, QueueId& id);
  Lane& lane(LaneId id) noexcept { return lanes_[id.value]; }
  QueueState& queue(QueueId id) noexcept { return *queues_[id.value]; }
  const QueueState& queue(QueueId id) const noexcept { return *queues_[id.value]; }
  RunState& run_at(std::uint32_t slot) noexcept { return *runs_[slot]; }

  struct FailedDevice {
    DeviceId device;
    Status status;
    Gone gone;
  };
  struct Parked {
    std::shared_ptr<RunState> run;
    TaskIndex task;
  };
  struct Tainted {
    std::shared_ptr<BufferState> buffer;
    SpaceId space;
  };

  Environment& environment_;
  const DeviceTable& table_;
  ExecutorOptions options_;
  Inbox inbox_;
  Strand<Executor> strand_{*this};
  std::atomic<bool> handed_over_{false};  // a submitter left passes to the environment's thread
  // For anybody to look at: nothing else is read on the strength of these.
  std::atomic<DeviceMask> open_devices_{0};
  std::atomic<DeviceMask> away_devices_{0};
  std::atomic<DeviceMask> hung_devices_{0};  // some kernel there may never have ended
  mutable std::mutex shared_;  // held by every pass, and by those who look on from outside

  // All below: the strand, and between two passes access_quiet(), price(), add_device() and
  // take_in().
  std::span<const std::unique_ptr<Device>> devices_;  // those it knows, of the table
  std::unique_ptr<Policy> policy_;
  CostModel model_;
  CostMemo memo_{model_};
  LinkModel links_;
  Tracing tracing_;
  std::unordered_map<const Operation*, KernelId> kernel_ids_;
  Store store_;
  std::vector<Lane> lanes_;
  std::vector<std::unique_ptr<QueueState>> queues_;  // by QueueId
  std::vector<QueueId> copy_queues_;                 // by device; none: the first lane's
  std::vector<QueueState*> unflushed_;
  bool lanes_wait_for_room_ = false;
  std::vector<Parked> parked_;                   // waiting, for room within their tenants' limits
  bool room_came_back_ = false;                  // since they were parked
  Nanos alarm_{0};                               // no head of a queue expires before it
  std::vector<std::shared_ptr<RunState>> runs_;  // by slot; null: free
  std::vector<std::uint32_t> free_run_slots_;
  std::deque<std::shared_ptr<RunState>> waiting_runs_;
  std::vector<std::shared_ptr<BufferState>> buffers_;
  std::vector<ReadySet> ready_;                       // by KernelId; not those bound to a lane
  std::vector<ReadySetId> ready_sets_;                // of the sets that are not empty, in order
  std::vector<std::shared_ptr<RunState>> completed_;  // to be told, after the pass
  std::unique_ptr<Listener> listener_;
  std::unique_ptr<View> view_;
  std::vector<Placed> accesses_;   // ready host accesses
  std::vector<SpaceMask> direct_;  // by space: where it can be filled from
  std::vector<Placed> ended_;      // tasks that end without having run, their predecessors over
  std::vector<FailedDevice> failed_devices_;
  std::vector<Tainted> tainted_;
  std::vector<ServiceChange> departures_;  // of devices that still hold something
  std::vector<Placed> recalled_;  // to be considered anew once every queue of the loss is closed
  std::vector<std::vector<std::uint32_t>> exploring_;  // by kernel, by device
  std::vector<std::vector<CostKey>> warmed_;           // by device: first runs done
  std::size_t pins_asked_ = 0;                         // and not answered
  DeviceMask needs_no_pins_ = 0;                       // they said so
  double pin_slowness_ = 1;                            // measured over told
  Counters counters_;
  std::uint64_t decisions_ = 0, ages_ = 0, observations_ = 0;
  double area_left_ = 0;             // of all runs under way
  std::vector<RunState*> promised_;  // those with deadlines, and such that wait
  Deadlines deadlines_;
  MixPrices mix_;
  std::vector<unsigned> lanes_of_;            // open ones, by device
  std::uint32_t outlooks_under_way_ = 0;      // runs that have one
  std::atomic<std::uint64_t> optimized_ = 0;  // searches so far
  bool dispose_due_ = false;
  std::shared_ptr<Event> quiet_;  // set when nothing is in flight; null: nobody asked
  Frontier waits_;
  std::uint32_t lanes_replaced_ = 0;
  std::vector<Message> messages_;
  std::vector<Move> moves_;
  std::vector<BufferState*> footprint_;
  Store::Shortage shortage_;
  std::vector<KernelArg> launch_args_;
  Nanos now_{0};
  bool stopping_ = false;
};

}  // namespace troika
