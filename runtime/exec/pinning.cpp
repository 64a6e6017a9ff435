#include "runtime/exec/pinning.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "runtime/exec/executor.h"
#include "runtime/exec/graveyard.h"

namespace troika {
namespace {

// Until it was measured: registering pages with a driver.
constexpr Nanos pin_latency{50'000};
constexpr double pin_bytes_per_second = 10e9;
// Until pinned pages were measured: copies from and to them are so many times as fast.
constexpr double pinned_gain = 2;
constexpr std::size_t page_bytes = 4096;

// Whether nothing else lies in its pages on the host: drivers refuse a copy of what begins in
// pinned pages and ends beyond them. What the host's memory gives out is whole pages.
bool has_pages_to_itself(const BufferState& buffer) {
  return buffer.adopted == nullptr ||
         (reinterpret_cast<std::uintptr_t>(buffer.adopted) % page_bytes == 0 &&
          buffer.bytes % page_bytes == 0);
}

}  // namespace

void PinJob::enqueue(std::unique_ptr<PinJob> job, WorkerPool& workers) {
  PinJob& enqueued = *job;
  enqueued.self_ = std::move(job);
  workers.enqueue(enqueued);
}

void PinJob::run(unsigned) noexcept {
  const std::unique_ptr<PinJob> self = std::move(self_);
  const Nanos begin = environment_.now();
  auto pinned = memory_.pin(pages_);
  answer_.took = environment_.now() - begin;
  if (pinned.ok()) answer_.pin = *std::move(pinned);
  else answer_.status = pinned.status();
  executor_.post(std::move(answer_));
}

// Of a copy to or from the host's pages that has ended.
void Executor::note_link(const QueueState& via, const InFlight& copy, const Interval* measured) {
  const std::size_t bytes = copy.region.size();
  const HostPagesAre pages = pages_of(*copy.buffer, via.device);
  const Nanos begin = measured ? measured->begin : std::max(copy.enqueued, via.reached_at);
  const Nanos end = measured ? measured->end : now_;
  // Of several that were told of at once nobody knows when each began.
  if (measured != nullptr || (copy.told_alone && copy.behind.empty()))
    links_.observe(copy.from, copy.to, bytes, pages, end - begin);
  if (pages == HostPagesAre::pageable) consider_pinning(via.device, copy);
}

std::string Executor::sharing(DeviceId device, std::size_t bytes) const {
  const std::scoped_lock lock{shared_};
  if (device.value == 0 || device.value >= devices_.size()) return {};
  const DeviceInfo& info = devices_[device.value]->info();
  if (info.space == host_space)
    return info.needs_hand_over ? ", in the host's memory, handed over" : ", in the host's memory";
  const auto ways = {HostPagesAre::pageable, HostPagesAre::pinned};
  std::string text = ", on copies of its own";
  for (const HostPagesAre pages : ways) {
    const unsigned samples = links_.samples(host_space, info.space, pages);
    if (samples == 0 && pages == HostPagesAre::pinned) continue;
    const double micros = to_seconds(links_.predict(host_space, info.space, bytes, pages)) * 1e6;
    text +=
        "; from " + std::string{pages == HostPagesAre::pinned ? "pinned" : "the host's"} +
        " pages " + std::to_string(std::llround(micros)) + " us, " +
        (samples == 0 ? "as its driver says" : "as " + std::to_string(samples) + " copies took");
  }
  return text;
}

HostPagesAre Executor::pages_of(BufferState& buffer, DeviceId device) const {
  const BufferState::Home* const home = buffer.home(host_space);
  const bool pinned = home != nullptr && std::ranges::any_of(home->pins, [&](const auto& pin) {
                        return pin.first == device && pin.second != nullptr;
                      });
  return pinned ? HostPagesAre::pinned : HostPagesAre::pageable;
}

// Pins once all that copies of the pages took longer for not being pinned is what pinning is
// predicted to cost: whatever is still to come, that is at most twice what would have been best.
void Executor::consider_pinning(DeviceId device, const InFlight& copy) {
  BufferState& buffer = *copy.buffer;
  BufferState::Home* const home = buffer.home(host_space);
  if (options_.workers == nullptr || home == nullptr || home->root->host() == nullptr ||
      !has_pages_to_itself(buffer) || !buffer.dead.ok() || buffer.released || stopping_ ||
      (needs_no_pins_ & bit(device)) != 0 ||
      std::ranges::any_of(home->pins, [&](const auto& pin) { return pin.first == device; }))
    return;
  const std::size_t bytes = copy.region.size();
  const double pageable =
      to_seconds(links_.predict(copy.from, copy.to, bytes, HostPagesAre::pageable));
  const double pinned =
      links_.samples(copy.from, copy.to, HostPagesAre::pinned) == 0
          ? pageable / pinned_gain
          : to_seconds(links_.predict(copy.from, copy.to, bytes, HostPagesAre::pinned));
  home->lost_pageable += from_seconds(std::max(0.0, pageable - pinned));
  if (home->lost_pageable < pin_cost(buffer.bytes)) return;
  home->pins.emplace_back(device, nullptr);
  home->held += 1;
  buffer.users += 1;
  PinAnswer answer;
  answer.buffer = buffer.shared_from_this();
  answer.device = device;
  pins_asked_ += 1;
  PinJob::enqueue(
      std::make_unique<PinJob>(*this, environment_, devices_[device.value]->memory(),
                               std::move(answer), std::span{home->root->host(), buffer.bytes}),
      *options_.workers);
}

Nanos Executor::pin_cost(std::size_t bytes) const noexcept {
  const double told = to_seconds(pin_latency) + static_cast<double>(bytes) / pin_bytes_per_second;
  return from_seconds(told * pin_slowness_);
}

void Executor::pin_answered(PinAnswer&& answer) {
  BufferState& buffer = *answer.buffer;
  pins_asked_ -= 1;
  buffer.users -= 1;
  dispose_due_ = true;
  BufferState::Home* const home = buffer.home(host_space);
  const auto is_mark = [&](const auto& pin) {
    return pin.first == answer.device && pin.second == nullptr;
  };
  // Sealed meanwhile: somebody may still touch it.
  if (home == nullptr || std::ranges::none_of(home->pins, is_mark))
    return bury(std::move(answer.pin));
  home->held -= 1;
  room_given_back();
  if (!answer.status.ok()) return;  // the mark stays: it is not asked again
  if (answer.pin == nullptr) {
    needs_no_pins_ |= bit(answer.device);
    return;
  }
  std::ranges::find_if(home->pins, is_mark)->second = std::move(answer.pin);
  counters_.pins += 1;
  pin_slowness_ *=
      std::clamp(to_seconds(answer.took) / to_seconds(pin_cost(buffer.bytes)), 0.1, 10.0);
}

}  // namespace troika
