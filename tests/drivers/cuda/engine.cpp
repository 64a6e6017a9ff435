#include "tests/drivers/cuda/engine.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "tests/drivers/cuda/objects.h"
#include "tests/drivers/cuda/options.h"

namespace cuda_emulator {
namespace {

// A lazy device begins nothing that no one waits for until the host has been quiet for so long: it
// is late, but not dead.
constexpr std::chrono::milliseconds patience{1};

// Nothing holds what fails anyway.
bool is_held(const Op& op) { return op.held && op.context->sticky == CUDA_SUCCESS && op.held(); }

}  // namespace

void Clock::join(const Clock& other) {
  seen_.resize(std::max(seen_.size(), other.seen_.size()));
  for (std::size_t i = 0; i < other.seen_.size(); ++i)
    seen_[i] = std::max(seen_[i], other.seen_[i]);
}

void Clock::reach(std::uint32_t timeline, std::uint32_t value) {
  if (timeline >= seen_.size()) seen_.resize(timeline + 1);
  seen_[timeline] = std::max(seen_[timeline], value);
}

Engine::Engine(std::mutex& mutex)
    : mutex_(mutex),
      workers_(static_cast<std::size_t>(options().devices) * workers_a_device),
      pending_(static_cast<std::size_t>(options().devices)),
      random_(static_cast<std::minstd_rand::result_type>(options().seed)),
      history_(1) {}

Engine::Worker& Engine::worker_of(const Op& op) {
  const std::size_t kind = op.kind == Op::Kind::kernel ? 0 : op.kind == Op::Kind::host ? 1 : 2;
  return workers_[static_cast<std::size_t>(op.device) * workers_a_device + kind];
}

void Engine::submit(OpPtr op, std::vector<OpPtr> after) {
  ++submissions_;
  op->id = ++last_;
  values_.resize(std::max<std::size_t>(values_.size(), op->timeline + 1));
  op->value = ++values_[op->timeline];
  op->clock = host_;
  for (OpPtr& other : after) {
    op->clock.join(other->clock);
    if (other->done) continue;
    other->followers.push_back(op);
    ++op->blockers;
    op->after.push_back(std::move(other));
  }
  op->clock.reach(op->timeline, op->value);
  {
    const std::lock_guard history(history_mutex_);
    history_.push_back({op->timeline, op->value, op->label});
  }
  ++pending_[static_cast<std::size_t>(op->device)];
  if (options().scheduler != Scheduler::lazy) op->demanded = true;
  if (op->blockers == 0) worker_of(*op).ready.push_back(op);
  start(static_cast<std::size_t>(&worker_of(*op) - workers_.data()));
  changed_.notify_all();
}

void Engine::start(std::size_t worker) {
  Worker& one = workers_[worker];
  if (one.thread.joinable() || stopping_) return;
  one.thread = std::thread([this, worker, life = one.life] { serve(worker, life); });
}

void Engine::demand(const OpPtr& op) {
  std::vector<OpPtr> open{op};
  while (!open.empty()) {
    const OpPtr one = std::move(open.back());
    open.pop_back();
    if (one->done || one->demanded) continue;
    one->demanded = true;
    open.insert(open.end(), one->after.begin(), one->after.end());
  }
  changed_.notify_all();
}

void Engine::wait(const OpPtr& op, Lock& lock) {
  ++submissions_;
  demand(op);
  changed_.wait(lock, [&] { return op->done; });
  host_.join(op->clock);
}

bool Engine::is_done(const OpPtr& op) {
  if (!op->done) {
    demand(op);
    return false;
  }
  host_.join(op->clock);
  return true;
}

void Engine::retire(int device, Lock& lock) {
  changed_.wait(lock, [&] { return is_idle(device); });
  join(std::span(workers_).subspan(static_cast<std::size_t>(device) * workers_a_device,
                                   workers_a_device),
       lock);
}

void Engine::stop(Lock& lock) {
  stopping_ = true;
  join(workers_, lock);
}

void Engine::join(std::span<Worker> workers, Lock& lock) {
  std::vector<std::thread> threads;
  for (Worker& worker : workers) {
    ++worker.life;
    threads.push_back(std::exchange(worker.thread, {}));
  }
  changed_.notify_all();
  lock.unlock();
  for (std::thread& thread : threads) {
    if (!thread.joinable()) continue;
    // A host function that ends the process is on one of them.
    if (thread.get_id() == std::this_thread::get_id()) thread.detach();
    else thread.join();
  }
  lock.lock();
}

OpPtr Engine::choose(Worker& worker) {
  auto& ready = worker.ready;
  auto best = ready.end();
  std::size_t candidates = 0;
  for (auto op = ready.begin(); op != ready.end(); ++op) {
    if (!(*op)->demanded || is_held(**op)) continue;
    ++candidates;
    const bool better =
        best == ready.end() ||
        (options().scheduler == Scheduler::random ? random_() % candidates == 0
         : options().scheduler == Scheduler::lazy ? (*op)->id > (*best)->id
         : (*op)->priority != (*best)->priority   ? (*op)->priority < (*best)->priority
                                                  : (*op)->id < (*best)->id);
    if (better) best = op;
  }
  if (best == ready.end()) return nullptr;
  OpPtr chosen = std::move(*best);
  ready.erase(best);
  return chosen;
}

void Engine::demand_latest(const Worker& worker) {
  for (auto op = worker.ready.rbegin(); op != worker.ready.rend(); ++op)
    if (!(*op)->demanded) return demand(OpPtr{*op});
}

void Engine::serve(std::size_t index, std::uint64_t life) {
  Lock lock(mutex_);
  Worker& worker = workers_[index];
  while (worker.life == life) {
    if (const OpPtr op = choose(worker)) {
      run(op, lock);
    } else if (worker.ready.empty()) {
      changed_.wait(lock);
    } else {
      const std::uint64_t before = submissions_;
      changed_.wait_for(lock, patience);
      if (before == submissions_) demand_latest(worker);
    }
  }
}

void Engine::run(const OpPtr& op, Lock& lock) {
  op->running = true;
  if (op->held) {
    // The host let it go, so all that the host has seen is before it.
    op->clock.join(host_);
    op->learnt = true;
  }
  if (op->context->sticky != CUDA_SUCCESS) {
    op->result = op->context->sticky;
  } else if (op->body) {
    lock.unlock();
    CUresult result = CUDA_SUCCESS;
    try {
      op->body(*op);
    } catch (const Fault& fault) {
      result = fault.code;
      std::fprintf(stderr, "emulated CUDA: %s: error %d: %s\n", op->label.c_str(), fault.code,
                   fault.what.c_str());
    }
    lock.lock();
    op->result = result;
    if (result != CUDA_SUCCESS && op->context->sticky == CUDA_SUCCESS) op->context->sticky = result;
  }
  finish(op);
}

void Engine::finish(const OpPtr& op) {
  op->ended = std::chrono::steady_clock::now();
  op->done = true;
  op->body = nullptr;
  op->held = nullptr;
  op->after.clear();
  --pending_[static_cast<std::size_t>(op->device)];
  for (const OpPtr& follower : op->followers) {
    if (op->learnt) {
      follower->clock.join(op->clock);
      follower->learnt = true;
    }
    if (--follower->blockers == 0) worker_of(*follower).ready.push_back(follower);
  }
  op->followers.clear();
  changed_.notify_all();
}

bool Engine::ordered(OpId earlier, const Clock& clock) const {
  const std::lock_guard history(history_mutex_);
  return clock.has(history_[earlier].timeline, history_[earlier].value);
}

std::string Engine::label_of(OpId id) const {
  const std::lock_guard history(history_mutex_);
  return history_[id].label + " (operation " + std::to_string(id) + ")";
}

}  // namespace cuda_emulator
