#include "backends/sim/world.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace troika::sim {

WorldOptions WorldOptions::adversarial(std::uint64_t seed) {
  Rng rng = Rng{seed}.fork("options");
  WorldOptions options;
  options.seed = seed;
  options.shuffle_ties = true;
  options.noise = rng.chance(0.5) ? 1.0 : 0.0;
  options.report_alone = rng.unit();
  options.report_late = rng.chance(0.5) ? 0.3 * rng.unit() : 0.0;
  options.report_delay_max = Nanos{rng.below(500'000)};
  options.reached_runs_ahead = rng.chance(0.5);
  options.serve_delay_max = rng.chance(0.5) ? Nanos{rng.below(20'000)} : Nanos{0};
  return options;
}

World::World(const WorldOptions& options)
    : options_{options}, rng_{rng_for("world")}, ties_{rng_for("ties")} {}

World::~World() {
  events_.clear();
  const auto left = ledger_.live();
  for (const Allocation* handle : left) delete handle;
}

void World::attach(Service& service) {
  assert(service_ == nullptr && "a world serves one runtime at a time");
  service_ = &service;
}

void World::detach() noexcept {
  service_ = nullptr;
  serve_at_ = forever;
  ++serve_request_;
}

void World::call_soon() noexcept {
  const auto span = static_cast<std::uint64_t>(options_.serve_delay_max.count());
  request_serve(span == 0 ? now_ : now_ + Nanos{rng_.below(span + 1)});
}

void World::call_at(Nanos when) noexcept {
  if (when != forever) request_serve(std::max(when, now_));
}

void World::request_serve(Nanos when) {
  if (service_ == nullptr || when >= serve_at_) return;
  serve_at_ = when;
  at(when, [this, request = ++serve_request_] { serve(request); });
}

void World::serve(std::uint64_t request) {
  if (request != serve_request_ || service_ == nullptr) return;
  serve_at_ = forever;
  ledger_.note({now_, Happening::serve, 0, 0});
  service_->serve();
}

bool World::later(const Pending& a, const Pending& b) noexcept {
  if (a.at != b.at) return a.at > b.at;
  if (a.tie != b.tie) return a.tie > b.tie;
  return a.sequence > b.sequence;
}

void World::at(Nanos when, Callback callback) {
  const std::uint64_t tie = options_.shuffle_ties ? ties_.next() : 0;
  events_.push_back({std::max(when, now_), tie, sequence_++, std::move(callback)});
  std::push_heap(events_.begin(), events_.end(), later);
}

bool World::step() {
  if (events_.empty() || steps_ >= options_.steps_max) return false;
  if (++steps_ == options_.steps_max) {
    ledger_.violate("the world made " + std::to_string(steps_) + " steps: is it going in circles?");
    return false;
  }
  std::pop_heap(events_.begin(), events_.end(), later);
  const Pending next = std::move(events_.back());
  events_.pop_back();
  now_ = std::max(now_, next.at);
  // An event may come while another one waits: what that one is does not rub off.
  const unsigned worker = std::exchange(worker_, nobody);
  next.callback();
  worker_ = worker;
  return true;
}

void World::run_until_idle() {
  while (step()) {
  }
}

void World::run_until(Nanos when) {
  while (!events_.empty() && events_.front().at <= when && step()) {
  }
  now_ = std::max(now_, when);
}

bool World::wait(Event& event, Nanos deadline) {
  while (!event.is_set()) {
    if (!events_.empty() && events_.front().at > deadline) {
      now_ = std::max(now_, deadline);
      return false;
    }
    if (!step()) return event.is_set();
  }
  return true;
}

}  // namespace troika::sim
