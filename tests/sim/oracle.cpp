#include "tests/sim/oracle.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "backends/sim/sim.h"
#include "runtime/exec/lane_execution.h"
#include "tests/sim/random_case.h"
#include "tests/sim/simulated.h"

namespace troika::oracle {
namespace {

constexpr TenantId limited{1};

// The case's graph for the runtime; scratches follow the buffers.
struct BuiltGraph {
  Graph graph;
  std::vector<Scratch<Word>> scratch;
};

class Case {
 public:
  Case(std::uint64_t seed, Trouble trouble)
      : random_{seed},
        trouble_{trouble},
        machine_{draw_machine(random_, trouble != Trouble::none)},
        world_{sim::WorldOptions::adversarial(seed)} {
    if (trouble == Trouble::some && random_.chance(0.8))
      plan_ = sim::FaultPlan::drawn(seed, machine_, 1.5, Nanos{3'000'000}, 40);
    opened_ = sim::open(world_, machine_, plan_);
    while (opened_.devices.size() > 1 && random_.chance(0.2)) {
      late_.push_back(std::move(opened_.devices.back()));
      opened_.devices.pop_back();
    }
    make_runtime(seed);
  }

  Verdict run() {
    // An allocation may fail before there is anything to run.
    if (make_buffers()) {
      submit();
      wait();
      check_rest();
      compare();
    }
    finish();
    return std::move(verdict_);
  }

 private:
  struct Launched {
    Run run;
    const GraphCase* graph;
    std::vector<std::size_t> binding;  // the case's buffer behind each of the graph's
  };

  void make_runtime(std::uint64_t seed) {
    RuntimeOptions options;
    const auto names = policy_names();
    options.policy = names[random_.below(names.size())];
    options.seed = seed;
    options.executor.ahead = random_.between(0, 4);
    options.executor.transfer_timeout = Nanos{50'000'000};
    options.executor.first_run_allowance = Nanos{0};
    runtime_.emplace(simulated_parts(world_, std::move(opened_.devices), HostLaneUse::yes),
                     options);
    Kernels::define(
        runtime_->kernels(), world_,
        [this](TaskContext& context, Word salt) { spawn(context, salt); }, throws_);
    // What fits no device may go to the host, which has room.
    for (const auto& device : runtime_->devices())
      if (trouble_ != Trouble::none && device->info().space != host_space && random_.chance(0.3))
        runtime_->limit_tenant(limited, device->info().name, random_.between(4, 16) * 512);
  }

  bool make_buffers() {
    for (std::size_t i = random_.between(2, 6); i-- > 0;) {
      words_.push_back(random_.between(16, 1024));
      pitches_.push_back(random_.chance(0.6) ? random_.between(4, 32) : 0);
    }
    for (std::size_t b = 0; b < words_.size(); ++b) {
      std::vector<Word> initial(words_[b]);
      for (Word& word : initial) word = static_cast<Word>(random_.below(1U << 30));
      truth_.push_back(initial);
      adopted_.push_back(random_.chance(0.5));
      memory_.push_back(std::make_unique<std::vector<Word>>(initial));
      if (adopted_[b]) {
        buffers_.push_back(runtime_->adopt(std::span{*memory_[b]}));
      } else {
        buffers_.push_back(runtime_->buffer<Word>(words_[b]));
        // The host fills it.
        std::span<Word> to;
        try {
          to = buffers_[b].write();
        } catch (const Error& error) {
          if (error.code() != Code::out_of_memory || trouble_ != Trouble::some)
            violation(std::string{"not writable: "} + error.what());
          return false;
        }
        const auto state = runtime_->core()->find_buffer(buffers_[b].id(), "fill");
        const Allocation* home = (*state)->home(host_space)->root.get();
        const sim::HostAccess writing{
            world_, {home, 0, home->bytes(), 1, home->bytes()}, Access::write};
        std::copy(initial.begin(), initial.end(), to.begin());
      }
    }
    return true;
  }

  Graph build(const GraphCase& drawn) {
    Graph graph;
    std::vector<View<Word>> wholes;
    for (const auto& buffer : buffers_) wholes.push_back(buffer.view());
    for (const std::size_t count : drawn.scratch)
      wholes.push_back(graph.scratch<Word>(count).view());
    // Left to the host alone and without a timeout a graph is one for the host lane. Where one of
    // the host's queues is going to hang, nothing goes without a timeout.
    const bool for_host =
        random_.chance(0.3) &&
        std::none_of(plan_.faults.begin(), plan_.faults.end(), [](const sim::Fault& fault) {
          return fault.kind == sim::FaultKind::device_hangs && fault.device == "host";
        });
    // The host lane takes what is one tenant's.
    const bool for_limited = random_.chance(0.3);
    for (const Step& step : drawn.steps) {
      TaskRef task = add(graph, step, wholes);
      if (for_host) task.only_on("host");
      else if (trouble_ == Trouble::some) task.timeout(Nanos{20'000'000}).retries(2);
      if (for_host && trouble_ == Trouble::some && random_.chance(0.05)) throws_.insert(step.salt);
      if (for_host ? for_limited : random_.chance(0.3)) task.tenant(limited);
      if (random_.chance(0.2)) task.priority(random_.chance(0.5) ? Priority::high : Priority::low);
    }
    return graph;
  }

  TaskRef add(Graph& graph, const Step& step, const std::vector<View<Word>>& wholes) {
    std::vector<AnyArg> args;
    for (std::size_t i = 0; i < step.pieces.size(); ++i)
      args.emplace_back(access_of(step, i), view_of(step.pieces[i], wholes[step.pieces[i].buffer]));
    args.emplace_back(step.salt);
    if (!step.children.empty()) splits_[step.salt] = &step;
    return graph.add(step.kernel, std::span<const AnyArg>{args});
  }

  void spawn(TaskContext& context, Word salt) {
    const auto found = splits_.find(salt);
    if (found == splits_.end()) return;
    Graph graph;
    std::vector<View<Word>> wholes;
    for (const auto& buffer : buffers_) wholes.push_back(buffer.view());
    for (const Step& child : found->second->children) {
      TaskRef task = add(graph, child, wholes);
      if (trouble_ == Trouble::some) task.timeout(Nanos{20'000'000}).retries(2);
    }
    try {
      context.submit(graph);
    } catch (const Error& error) {
      // Every device of the children may be gone by now; the parent fails with the cause.
      if (error.code() != Code::unavailable)
        violation(std::string{"sub-graph refused: "} + error.what());
      throw;
    }
  }

  void submit() {
    Word salt = 1;
    const std::size_t graphs = random_.between(1, 3);
    cases_.reserve(graphs);
    for (std::size_t g = 0; g < graphs; ++g)
      cases_.push_back(
          draw_graph(random_, words_, pitches_, random_.between(1, 24), salt, random_.chance(0.3)));
    std::vector<std::optional<Plan>> plans(graphs);
    const std::size_t runs = random_.between(1, 5);
    for (std::size_t r = 0; r < runs; ++r) {
      const std::size_t g = random_.below(graphs);
      try {
        if (!plans[g]) {
          plans[g] = runtime_->compile(build(cases_[g]));
          plans[g]->set_run_slots(static_cast<std::uint32_t>(random_.between(1, 4)));
          // No trial is made: what it finds is then the same every time.
          if (random_.chance(0.3)) plans[g]->optimize(Nanos{0});
        }
        launched_.push_back({runtime_->run(*plans[g]), &cases_[g], {}});
      } catch (const Error& error) {
        if (error.code() != Code::unavailable) violation(std::string{"refused: "} + error.what());
        continue;
      }
      if (trouble_ == Trouble::some && random_.chance(0.1)) {
        world_.after(Nanos{static_cast<Nanos::rep>(random_.below(2'000'000))},
                     [this, at = launched_.size() - 1] {
                       if (at < launched_.size()) launched_[at].run.cancel();
                     });
      }
      if (random_.chance(0.3)) world_.run_until(world_.now() + Nanos{50'000});
      if (random_.chance(0.15)) change_service();
      if (!late_.empty() && random_.chance(0.3)) add_late();
    }
  }

  // A device leaves beside what runs, or comes back.
  void change_service() {
    const auto devices = runtime_->devices();
    if (devices.size() < 2) return;
    const DeviceInfo& info = devices[random_.between(1, devices.size() - 1)]->info();
    const bool comes = away_.contains(info.name);
    try {
      if (comes) runtime_->add_device(info.name);
      else runtime_->remove_device(info.name);
      if (comes) check_service(info.name);
      if (comes) away_.erase(info.name);
      else away_[info.name] = tasks_done_by(info.name);
      verdict_.tally.departures += comes ? 0 : 1;
    } catch (const Error& error) {
      const bool faulty = error.code() == Code::device_lost || error.code() == Code::out_of_memory;
      if (trouble_ != Trouble::some || !faulty)
        violation(info.name + (comes ? " does not come back: " : " does not leave: ") +
                  error.what());
      return;
    }
    // What a failure has damaged or a hung device may touch stays where it is.
    if (comes || trouble_ == Trouble::some) return;
    const AgentMask agent = AgentMask{1} << index_of(info.name);
    const bool alone = info.space != host_space &&
                       std::count_if(devices.begin(), devices.end(), [&](const auto& other) {
                         return other->info().space == info.space;
                       }) == 1;
    for (const auto& buffer : buffers_) {
      const auto state = runtime_->core()->find_buffer(buffer.id(), "look");
      std::vector<Region> held;
      (*state)->coherence.held(info.space, agent, held);
      if (!held.empty() || (alone && (*state)->home(info.space) != nullptr))
        violation(info.name + " has left and still holds a buffer");
    }
  }

  // One that was not there at the start comes beside what runs.
  void add_late() {
    const std::string name = late_.back()->info().name;
    try {
      runtime_->add_device(std::move(late_.back()));
      verdict_.tally.arrivals += 1;
    } catch (const Error& error) {
      if (trouble_ != Trouble::some || error.code() != Code::device_lost)
        violation(name + " does not come: " + error.what());
    }
    late_.pop_back();
  }

  std::size_t index_of(const std::string& name) const {
    std::size_t index = 0;
    while (runtime_->devices()[index]->info().name != name) ++index;
    return index;
  }
  std::uint64_t tasks_done_by(const std::string& name) const {
    return runtime_->counters().tasks_by_device[index_of(name)];
  }
  void check_service(const std::string& name) {
    if (tasks_done_by(name) != away_[name]) violation(name + " has worked while it was away");
  }

  void wait() {
    for (Launched& launched : launched_) {
      const Status status = launched.run.status();
      verdict_.tally.runs += 1;
      if (!launched.run.done()) {
        violation("stalled: " + status.to_string() + "\n" +
                  runtime_->core()->executor().unfinished());
        stalled_ = true;
        return;
      }
      if (status.code() == Code::cancelled) verdict_.tally.runs_cancelled += 1;
      else if (!status.ok()) verdict_.tally.runs_failed += 1;
      if (!status.ok() && trouble_ != Trouble::some)
        violation("failed without a fault: " + status.to_string());
    }
  }

  // With every run over, no task holds room in a device's memory, and the counters tell what
  // the tasks tell.
  void check_rest() {
    if (stalled_) return;
    std::map<TaskState::End, std::uint64_t> ends;
    for (const Launched& launched : launched_) {
      const RunState& state = *launched.run.state();
      if (state.tasks.empty()) continue;  // never admitted: counted nowhere, bound to no scratch
      for (std::uint32_t t = 0; t < launched.graph->steps.size(); ++t)
        ends[end_of(state, TaskIndex{t})] += 1;
      for (const auto& buffer : state.buffers) check_rest(*buffer);
    }
    for (const auto& [name, tasks] : away_) check_service(name);
    const auto gauges = runtime_->core()->executor().gauges();
    for (const SpaceUse& space : gauges.spaces)
      for (const TenantUse& tenant : space.tenants)
        if (tenant.used > tenant.limit)
          violation("a tenant has " + std::to_string(tenant.used) + " bytes of a limit of " +
                    std::to_string(tenant.limit));
    const Counters counters = runtime_->counters();
    // Those of sub-graphs are counted too, and cannot be seen from here.
    const auto agree = [&](const char* what, std::uint64_t counted, std::uint64_t seen) {
      if (counted < seen || (splits_.empty() && counted != seen))
        violation(std::to_string(counted) + " tasks count as " + what + ", " +
                  std::to_string(seen) + " are");
    };
    agree("done", counters.tasks_done, ends[TaskState::End::done]);
    agree("failed", counters.tasks_failed, ends[TaskState::End::failed]);
    agree("poisoned", counters.tasks_poisoned, ends[TaskState::End::poisoned]);
    agree("cancelled", counters.tasks_cancelled, ends[TaskState::End::cancelled]);
  }

  void check_rest(const BufferState& buffer) {
    const std::string name = "buffer " + std::to_string(buffer.id.value);
    for (const BufferState::Home& home : buffer.homes)
      if (home.space != host_space && home.held != 0)
        violation(name + " is held in space " + std::to_string(home.space.value) +
                  " although every run is over");
    if (!buffer.live.empty()) violation(name + " is in use although every run is over");
  }

  // Serially: submission order, program order, only what the runtime says it did.
  void compare() {
    if (stalled_) return;
    for (const Launched& launched : launched_) {
      const RunState& state = *launched.run.state();
      auto all = truth_;
      for (const std::size_t count : launched.graph->scratch) all.emplace_back(count, 0);
      for (std::size_t t = 0; t < launched.graph->steps.size(); ++t) {
        verdict_.tally.tasks += 1;
        const TaskIndex task{static_cast<std::uint32_t>(t)};
        if (state.tasks.empty()) continue;  // cancelled before it was admitted
        if (state.tasks[state.lane || state.by_tasks ? 0 : t].end == TaskState::End::none)
          violation("a task never ended");
        if (end_of(state, task) == TaskState::End::done)
          run_serially(launched.graph->steps[t], all);
        else check_followers(state, task);
      }
      std::copy(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(truth_.size()),
                truth_.begin());
    }
    for (std::size_t b = 0; b < buffers_.size(); ++b) compare(b);
  }

  // What depends on a task that did not happen does not happen either.
  void check_followers(const RunState& state, TaskIndex task) {
    const PlanState& plan = state.lane       ? *state.lane->plan()
                            : state.by_tasks ? *state.by_tasks->plan
                                             : *state.plan;
    for (const std::uint32_t successor : plan.graph->successors(task))
      if (end_of(state, TaskIndex{successor}) == TaskState::End::done)
        violation("a task is done although one before it is not");
  }

  // How a task ended, whoever ran it. None: its run was cancelled before it was admitted.
  static TaskState::End end_of(const RunState& state, TaskIndex task) {
    if (state.tasks.empty()) return TaskState::End::none;
    if (state.by_tasks) return end_of(*state.by_tasks, task);
    if (!state.lane) return state.tasks[task.value].end;
    // Not even started: then the lane knows nothing of what it left out.
    if (state.tasks[0].end == TaskState::End::cancelled) return TaskState::End::cancelled;
    const auto& failures = state.lane->failures();
    if (std::any_of(failures.begin(), failures.end(),
                    [&](const auto& failure) { return failure.task == task.value; }))
      return TaskState::End::failed;
    const auto& skipped = state.lane->skipped();
    if (std::find(skipped.begin(), skipped.end(), task.value) == skipped.end())
      return TaskState::End::done;
    return state.cancelled ? TaskState::End::cancelled : TaskState::End::poisoned;
  }

  // Whole, or piece by piece when some of it is lost.
  void compare(std::size_t b) {
    const std::size_t step = 1;
    const auto& handle = buffers_[b];
    try {
      const std::span<const Word> got = handle.read();
      check(b, 0, got);
      return;
    } catch (const Error& error) {
      // The host's own allocation may be the one that fails.
      if (error.code() == Code::out_of_memory && trouble_ == Trouble::some) return;
      if (error.code() != Code::data_lost || trouble_ != Trouble::some) {
        violation(std::string{"unreadable: "} + error.what());
        return;
      }
    }
    for (std::size_t first = 0; first < words_[b]; first += step) {
      const Result<std::byte*> at = runtime_->core()->access(
          handle.id(), Region::bytes(first * sizeof(Word), step * sizeof(Word)), Access::read);
      if (!at.ok()) {
        verdict_.tally.pieces_lost += 1;
        continue;
      }
      check(b, first, {reinterpret_cast<const Word*>(*at), step});
    }
  }

  void check(std::size_t b, std::size_t first, std::span<const Word> got) {
    for (std::size_t i = 0; i < got.size(); ++i) {
      if (got[i] == truth_[b][first + i]) continue;
      violation("buffer " + std::to_string(b) + " word " + std::to_string(first + i) + " of " +
                std::to_string(words_[b]) + " differs from the serial run");
      return;
    }
  }

  void finish() {
    verdict_.tally.counters = runtime_->counters();
    buffers_.clear();
    launched_.clear();
    runtime_.reset();
    for (const std::string& text : world_.violations()) violation(text);
    if (stalled_) return;
    // Handles that the runtime created and never gave back; what a hung device may touch it keeps.
    if (verdict_.tally.counters.quarantined_bytes == 0 &&
        world_.faults()[sim::FaultKind::device_hangs] == 0)
      for (const Allocation* leaked : world_.ledger().live())
        violation(std::to_string(leaked->bytes()) + " bytes are never given back");
    verdict_.tally.faults = world_.faults();
    verdict_.tally.cases = 1;
  }

  void violation(std::string text) { verdict_.violations.push_back(std::move(text)); }

  Random random_;
  Trouble trouble_;
  sim::Machine machine_;
  sim::FaultPlan plan_;
  sim::World world_;
  Opened opened_;
  std::vector<std::unique_ptr<Device>> late_;  // the next one last
  std::vector<std::unique_ptr<std::vector<Word>>> memory_;
  std::optional<Runtime> runtime_;
  std::vector<std::size_t> words_, pitches_;
  std::vector<bool> adopted_;
  std::vector<std::vector<Word>> truth_;
  std::vector<Buffer<Word>> buffers_;
  std::vector<GraphCase> cases_;
  std::map<Word, const Step*> splits_;
  std::set<Word> throws_;
  std::map<std::string, std::uint64_t>
      away_;  // devices out of service, with the tasks they had done
  std::vector<Launched> launched_;
  bool stalled_ = false;
  Verdict verdict_;
};

}  // namespace

Verdict judge(std::uint64_t seed, Trouble trouble) { return Case{seed, trouble}.run(); }

}  // namespace troika::oracle
