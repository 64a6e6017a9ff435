#include "backends/host/arena.h"

#include "runtime/base/signals.h"

namespace troika::host {

Workers::Arena::Arena(State& state)
    : state_{state},
      parallelism_{tbb::global_control::max_allowed_parallelism, state.workers() + 1},
      arena_{static_cast<int>(state.workers()), 0},
      observer_{state, arena_} {}

Workers::Arena::~Arena() = default;

void Workers::Arena::send_ticket() {
  arena_.enqueue([state = &state_] {
    state->run_ticket(static_cast<unsigned>(tbb::this_task_arena::current_thread_index()));
  });
}

Workers::Arena::Observer::Observer(State& state, tbb::task_arena& arena)
    : tbb::task_scheduler_observer{arena}, state_{state} {
  observe(true);
}

Workers::Arena::Observer::~Observer() { observe(false); }

void Workers::Arena::Observer::on_scheduler_entry(bool is_worker) {
  // A thread of oneTBB's has the signal mask of whoever caused its start.
  if (is_worker) pthread_sigmask(SIG_BLOCK, &SignalsBlocked::asynchronous(), nullptr);
  state_.enter();
}

void Workers::Arena::Observer::on_scheduler_exit(bool) { state_.leave(); }

}  // namespace troika::host
