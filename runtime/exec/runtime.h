// The public face of Troika: a runtime, its buffers, plans and runs.
#pragma once

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/base/error.h"
#include "runtime/exec/core.h"
#include "runtime/graph/graph.h"
#include "runtime/graph/kernel_registry.h"
#include "runtime/trace/chrome_json.h"

namespace troika {

struct RuntimeOptions {
  std::string policy = "load_aware";  // see policy_names()
  std::uint64_t seed = 0;             // for policies that draw
  unsigned workers = 0;               // host workers; 0: one for each core this process may use
  // Names or backends that may run kernels; empty: all. With "host" alone no other is opened.
  std::vector<std::string> devices;
  std::string backends;  // "<backend>.key=value,…": "opencl.memory=separate"; docs/contracts.md
  ExecutorOptions executor;  // executor.trace.level switches the trace on
};

namespace detail {

// Gives a buffer back when its last handle goes.
class BufferHandle {
 public:
  // `memory` keeps what was adopted alive; may be null.
  BufferHandle(std::shared_ptr<RuntimeCore> core, std::shared_ptr<BufferState> state,
               std::shared_ptr<void> memory) noexcept
      : core_{std::move(core)}, state_{std::move(state)}, memory_{std::move(memory)} {}
  BufferHandle(const BufferHandle&) = delete;
  BufferHandle& operator=(const BufferHandle&) = delete;
  ~BufferHandle() { core_->release_buffer(std::move(state_)); }

  RuntimeCore& core() const noexcept { return *core_; }
  const std::shared_ptr<BufferState>& state() const noexcept { return state_; }

 private:
  std::shared_ptr<RuntimeCore> core_;
  std::shared_ptr<BufferState> state_;
  std::shared_ptr<void> memory_;  // let go of once nothing touches it any more
};

}  // namespace detail

// Data that tasks read and write, `size()` elements of type T. Copies of the handle name the same
// bytes. A graph keeps none alive: running one whose buffer is gone is an error. Destroying the
// last handle of an adopted buffer waits until nothing touches the user's memory any more.
template <class T>
class Buffer {
 public:
  explicit Buffer(std::shared_ptr<detail::BufferHandle> handle) noexcept
      : handle_{std::move(handle)} {}

  std::size_t size() const noexcept { return handle_->state()->bytes / sizeof(T); }
  BufferId id() const noexcept { return handle_->state()->id; }
  View<T> view() const noexcept {
    const std::size_t bytes = handle_->state()->bytes;
    return {Storage{id(), 0, bytes}, Region::bytes(0, bytes)};
  }
  operator View<T>() const noexcept { return view(); }
  operator Operand() const noexcept { return view(); }
  View<T> slice(std::size_t first, std::size_t count) const { return view().slice(first, count); }
  View<T> tile(std::size_t first, std::size_t cols, std::size_t rows, std::size_t pitch) const {
    return view().tile(first, cols, rows, pitch);
  }

  // The elements as all runs submitted so far leave them, in memory the host may read; waits for
  // those that write them. Copies only when the host does not share the space they lie in. Valid
  // until a later run writes them or the buffer goes. Throws Code::data_lost when they are gone,
  // Code::would_deadlock on a worker.
  std::span<const T> read() const { return access(Access::read); }
  // The same to change; what the host writes counts as done before the next submission.
  std::span<T> update() const { return access(Access::update); }
  // The same to overwrite: the elements are undefined before.
  std::span<T> write() const { return access(Access::write); }

 private:
  std::span<T> access(Access mode) const {
    std::byte* at = value_or_throw(
        handle_->core().access(id(), Region::bytes(0, handle_->state()->bytes), mode));
    return {reinterpret_cast<T*>(at), size()};
  }

  std::shared_ptr<detail::BufferHandle> handle_;
};

// Names `to` where a plan was compiled with `from`; the latter must reach as far.
template <class T>
Binding bind(const Buffer<T>& from, const Buffer<T>& to) {
  Binding binding;
  binding.is_buffer = true;
  binding.from = static_cast<Operand>(from).storage;
  binding.to = static_cast<Operand>(to).storage;
  return binding;
}
// Another value for a scalar argument of a task.
template <class T>
Binding bind(TaskRef task, std::uint32_t argument, T value) {
  Binding binding;
  binding.task = task.index();
  binding.argument = argument;
  binding.scalar = Scalar::of(value);
  return binding;
}

// One execution. Copies of the handle name the same run; dropping them all leaves it running.
class Run {
 public:
  Run(std::shared_ptr<RuntimeCore> core, std::shared_ptr<RunState> state) noexcept
      : core_{std::move(core)}, state_{std::move(state)} {}

  // Returns when nothing of the run touches user memory any more. Throws Error naming the first
  // task that failed, its device and the cause. A second wait says the same.
  void wait() const { throw_if_failed(status()); }
  // As wait(), but returns the outcome.
  Status status() const { return core_->wait(*state_, forever); }
  // Code::timed_out when it is not over by then; it goes on.
  Status wait_for(Nanos limit) const;
  bool done() const noexcept { return state_->done.is_set(); }
  // Tasks that are not issued yet end as cancelled; those that are run to their end.
  void cancel() const;
  // Once done: from submission to the last task's end.
  Nanos makespan() const noexcept { return state_->finished - state_->submitted; }
  // Once done: by device, in the order of Runtime::devices().
  const std::vector<std::uint64_t>& tasks_by_device() const noexcept {
    return state_->tasks_by_device;
  }
  const std::shared_ptr<RunState>& state() const noexcept { return state_; }

 private:
  std::shared_ptr<RuntimeCore> core_;
  std::shared_ptr<RunState> state_;
};

// A graph compiled for replay, by any number of threads.
class Plan {
 public:
  Plan(std::shared_ptr<RuntimeCore> core, std::shared_ptr<PlanState> state) noexcept
      : core_{std::move(core)}, state_{std::move(state)} {}

  std::size_t size() const noexcept { return state_->graph->size(); }
  // What it occupies, the graph's flat arrays and the state of one run included.
  std::size_t bytes() const noexcept { return core_->bytes_of(*state_); }
  // Runs of it at once, each with its own scratch; more wait. 8 unless set, before the first run.
  void set_run_slots(std::uint32_t count) noexcept { state_->set_run_slots(count); }
  // For each device, whether it can run the task, and why not.
  std::string explain(TaskRef task) const {
    core_->take_in_new_devices(*state_);
    return core_->explain(*state_, task.index());
  }
  // How a run of it would go, alone on idle devices, by what the cost model has learned so far.
  // Where runs of a plan that other devices could share go to the host lane as a whole, the
  // makespan is what the latest took there, as a mean.
  Forecast predict() const { return value_or_throw(core_->predict(*state_)); }
  // Searches on this thread, for that long, for a better division of its tasks among the devices,
  // by what the cost model has learned so far: call it after some runs. True when one was found
  // that is predicted to be shorter; later runs go by it, and as before again if that proves
  // slower. A run that gets late decides anew for what is left of it. Any thread; runs may go on
  // meanwhile.
  bool optimize(Nanos budget) { return value_or_throw(core_->optimize(*state_, budget)); }
  const std::shared_ptr<PlanState>& state() const noexcept { return state_; }

 private:
  std::shared_ptr<RuntimeCore> core_;
  std::shared_ptr<PlanState> state_;
};

class Runtime {
 public:
  // Opens every device it finds. Throws when not even the host can be used.
  explicit Runtime(RuntimeOptions options = {});
  // On devices made by the caller: simulations and tests.
  Runtime(RuntimeParts parts, RuntimeOptions options);
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;
  // Cancels what runs and waits for it. Handles may outlive it; what they then ask fails.
  ~Runtime();

  KernelRegistry& kernels() noexcept { return core_->kernels(); }

  // `count` elements, undefined until a task writes them.
  template <class T>
  Buffer<T> buffer(std::size_t count) {
    return make<T>(core_->create_buffer(count * sizeof(T)));
  }
  // The caller's memory as it is: no copy. It must stay until the buffer is gone, and only tasks
  // and Buffer's own accessors may touch it meanwhile. `owner`, if any, is let go of when nothing
  // touches it any more.
  template <class T, std::size_t extent>
  Buffer<T> adopt(std::span<T, extent> host, std::shared_ptr<void> owner = nullptr) {
    return make<T>(core_->adopt(std::as_writable_bytes(host)), std::move(owner));
  }
  // The caller's memory in disjoint blocks of at most so many elements, in order, each a buffer by
  // itself: it comes to a device and goes by itself, so that devices with less memory than all of
  // it can work on it. Else as adopt().
  template <class T, std::size_t extent>
  std::vector<Buffer<T>> partition(std::span<T, extent> host, std::size_t block) {
    if (block == 0) throw Error{Status{Code::invalid_argument, "a block has at least one element"}};
    std::vector<Buffer<T>> blocks;
    for (std::span<T> rest = host; blocks.empty() || !rest.empty();
         rest = rest.subspan(std::min(block, rest.size())))
      blocks.push_back(adopt(rest.first(std::min(block, rest.size()))));
    return blocks;
  }

  Plan compile(const Graph& graph) {
    return {core_, value_or_throw(core_->compile(graph, RuntimeCore::Runs::many))};
  }
  Run run(const Graph& graph) {
    return run(Plan{core_, value_or_throw(core_->compile(graph, RuntimeCore::Runs::once))});
  }
  Run run(const Plan& plan, std::initializer_list<Binding> bindings = {},
          const RunOptions& options = {}) {
    return run(plan, std::span{bindings.begin(), bindings.size()}, options);
  }
  Run run(const Plan& plan, std::span<const Binding> bindings, const RunOptions& options = {}) {
    return {core_,
            value_or_throw(core_->start(plan.state(), bindings, nullptr, nullptr, {}, options))};
  }

  // Takes a device out of service, as before it is switched off: tasks that are not issued go
  // elsewhere, those that are end, and what only it holds comes to the host. Returns when it holds
  // nothing any more. Tasks that need it fail with Code::unavailable until it is put back; plans
  // stay as they are. Throws as RuntimeCore::set_in_service().
  void remove_device(std::string_view name) { throw_if_failed(core_->set_in_service(name, false)); }
  // Puts a device that was removed back into service.
  void add_device(std::string_view name) { throw_if_failed(core_->set_in_service(name, true)); }
  // Takes in a device that was not there before, or the successor of one that was lost. It counts
  // as asked for whatever `options.devices` says, and belongs to the runtime from then on. Plans
  // that were compiled before use it too, and runs under way for tasks that no device has yet. Any
  // thread; throws as RuntimeCore::add_device(), the device is then gone.
  void add_device(std::unique_ptr<Device> device) {
    throw_if_failed(core_->add_device(std::move(device)));
  }
  // The same with all that a backend finds, "opencl" say, that has no devices here yet. `keys` are
  // as in RuntimeOptions::backends, without the backend's name. Returns what is missing and why.
  std::vector<Missing> add_backend(std::string_view name, std::string keys = {});

  // From now on a tenant's tasks (TaskRef::tenant) have at most so many bytes at once in the memory
  // of the device; in the host's, adopted memory does not count. What goes beyond waits until he
  // has room, by what of his own is evicted: nobody else's. A task that never fits goes where it
  // does, or fails with Code::out_of_memory. What he has there already may stay until then. A
  // buffer is his who first had it brought there. Any thread; throws Code::not_found for no device
  // of that name.
  void limit_tenant(TenantId tenant, std::string_view device, std::size_t bytes) {
    throw_if_failed(core_->limit_tenant(tenant, device, bytes));
  }

  // Runs `body` on this thread; when that is one of Troika's workers, a spare one takes its place,
  // so that `body` may wait for runs. Throws Code::exhausted when no spare is left.
  template <class Body>
  void blocking(Body&& body) {
    throw_if_failed(core_->blocking([](void* state) { (*static_cast<Body*>(state))(); }, &body));
  }

  std::span<const std::unique_ptr<Device>> devices() const noexcept { return core_->devices(); }
  // What might have been there, and why it is not.
  const std::vector<Missing>& missing() const noexcept { return core_->missing(); }
  Counters counters() const { return core_->executor().counters(); }
  // What was learned of kernels' times, for ExecutorOptions::costs of a later process.
  std::string costs() const { return core_->executor().costs(); }
  // What happened so far, as JSON that ui.perfetto.dev opens. Empty while the trace is off.
  void write_trace(std::ostream& out) {
    write_chrome_json(core_->executor().trace().snapshot(), out);
  }
  // The same with what surrounds it, as one page for a browser.
  void write_report(std::ostream& out) const { write_html_report(core_->report(), out); }
  // Counters and gauges as the text that a Prometheus server scrapes.
  std::string metrics() const;
  const std::shared_ptr<RuntimeCore>& core() const noexcept { return core_; }

 private:
  template <class T>
  Buffer<T> make(Result<std::shared_ptr<BufferState>> state,
                 std::shared_ptr<void> memory = nullptr) {
    return Buffer<T>{std::make_shared<detail::BufferHandle>(core_, value_or_throw(std::move(state)),
                                                            std::move(memory))};
  }

  std::shared_ptr<RuntimeCore> core_;
};

}  // namespace troika
