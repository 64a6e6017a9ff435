// The simulated world: a clock that jumps from event to event, the same for the same seed.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "backends/sim/ledger.h"
#include "backends/sim/rng.h"
#include "runtime/base/environment.h"

namespace troika::sim {

struct WorldOptions {
  std::uint64_t seed = 1;
  bool shuffle_ties = false;  // events of one instant come in an order drawn from the seed
  double noise = 0;           // multiplies the standard deviation of every cost
  double spread = 0;          // lognormal deviation of every kernel's time, whatever its cost's is
  double misread = 0;         // chance that a kernel's Interval is told a hundred times too long
  double report_alone = 1;    // chance that an operation is reported before its flush has ended
  double report_late = 0;     // chance that a report is delayed
  Nanos report_delay_max{0};  // by up to so much
  bool reached_runs_ahead = false;  // Queue::reached() tells an end before its report does
  Nanos serve_delay_max{0};         // call_soon() may be answered so much later
  bool contents = true;             // false: bytes are neither moved nor computed, nor ever touched
  bool poison_writes = true;  // a kernel sees poison, not what was there, where it may only write
  bool foreign_allocations = false;  // unknown handles are someone's host pages, not dangling ones
  std::uint64_t steps_max = 100'000'000;  // then every wait fails, with a violation that says so

  // Everything above drawn from the seed: what a hostile but correct machine may do.
  static WorldOptions adversarial(std::uint64_t seed);
};

// Outlives whatever lives in it: devices, queues, allocations, pools. All calls come from the
// thread that made it, or from its own callbacks there.
class World final : public Environment {
 public:
  using Callback = std::function<void()>;

  explicit World(const WorldOptions& options = {});
  World(const World&) = delete;
  World& operator=(const World&) = delete;
  // Frees the allocations that are left: a runtime leaks what a hung device may still touch.
  ~World() override;

  Nanos now() const noexcept override { return now_; }
  void attach(Service& service) override;
  void detach() noexcept override;
  void call_soon() noexcept override;
  void call_at(Nanos when) noexcept override;
  // Steps until `event` is set. False when the deadline comes first (now() is then the deadline),
  // or when nothing is left that could set it (now() is then earlier). May be called by a callback.
  bool wait(Event& event, Nanos deadline) override;

  // Calls back at `when`, at once if that is past, never before returning.
  void at(Nanos when, Callback callback);
  void after(Nanos delay, Callback callback) { at(now_ + delay, std::move(callback)); }
  // Goes to the next event and runs it; false when there is none.
  bool step();
  void run_until_idle();
  void run_until(Nanos when);

  const WorldOptions& options() const noexcept { return options_; }
  Rng& rng() noexcept { return rng_; }
  Rng rng_for(std::string_view purpose) const { return Rng{options_.seed}.fork(purpose); }
  Ledger& ledger() noexcept { return ledger_; }
  const Ledger& ledger() const noexcept { return ledger_; }
  const std::vector<std::string>& violations() const noexcept { return ledger_.violations(); }
  const FaultCounts& faults() const noexcept { return ledger_.faults(); }
  const std::vector<TraceEvent>& trace() const noexcept { return ledger_.trace(); }
  std::size_t live_allocations() const noexcept { return ledger_.live().size(); }

  // The slot of the worker whose job the running event is; `nobody` in every other event.
  static constexpr unsigned nobody = ~0u;
  unsigned worker() const noexcept { return worker_; }
  void set_worker(unsigned slot) noexcept { worker_ = slot; }
  // Destroyed with the world, after its last event.
  void keep(std::shared_ptr<void> thing) { kept_.push_back(std::move(thing)); }
  // Ids of agents of a shared space whose caches do not follow the others'.
  unsigned next_agent() noexcept { return ++agents_; }

 private:
  struct Pending {
    Nanos at;
    std::uint64_t tie;       // drawn when ties are shuffled
    std::uint64_t sequence;  // of insertion
    Callback callback;
  };
  static bool later(const Pending& a, const Pending& b) noexcept;
  void serve(std::uint64_t request);
  void request_serve(Nanos when);

  const WorldOptions options_;
  Rng rng_;
  Rng ties_;
  Ledger ledger_;
  Nanos now_{0};
  std::uint64_t sequence_ = 0;
  std::uint64_t steps_ = 0;
  Service* service_ = nullptr;
  Nanos serve_at_ = forever;
  std::uint64_t serve_request_ = 0;  // only the latest request is answered
  unsigned worker_ = nobody;
  unsigned agents_ = 0;
  std::vector<std::shared_ptr<void>> kept_;
  std::vector<Pending> events_;  // a heap, the next one first
};

}  // namespace troika::sim
