#include "runtime/device/driver_thread.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <utility>
#include <vector>

#include <pthread.h>

#include "runtime/base/environment.h"
#include "runtime/base/signals.h"
#include "runtime/device/channel.h"

namespace troika {

// Shared by the thread, its owner and its queues, so that a thread that is left inside a vendor
// call keeps what it uses.
class DriverThread::State {
 public:
  void run() noexcept;
  void add(std::shared_ptr<Channel> channel);
  // Null when no open queue of this device has that id.
  std::shared_ptr<Channel> find(QueueId id) const;
  void stop() noexcept;

  const std::shared_ptr<Waker> waker = std::make_shared<Waker>();
  std::thread thread;
  Event ended;                        // the thread has called its last vendor
  std::atomic<bool> given_up{false};  // a queue was abandoned with work in flight

 private:
  void forget_closed(std::vector<std::shared_ptr<Channel>>& mine);

  mutable std::mutex mutex_;  // protects what follows
  std::vector<std::shared_ptr<Channel>> channels_;
  bool stopping_ = false;
  bool changed_ = false;  // channels_ has some that the thread's own list lacks
};

// A queue's verbs: check, number, push.
class DriverThread::Verbs final : public Queue {
 public:
  Verbs(std::shared_ptr<Channel> channel, std::shared_ptr<State> state)
      : channel_{std::move(channel)}, state_{std::move(state)} {}
  ~Verbs() override {
    abandon();
    channel_->close();
  }

  Result<Timepoint> copy(const CopyOp& op) override {
    if (!op.from.in || !op.to.in || op.from.row_bytes != op.to.row_bytes ||
        op.from.rows != op.to.rows)
      return Status{Code::invalid_argument, "copy: the rows of its two sides differ"};
    return channel_->push([&](StreamOperation& to) {
      to.kind = StreamOperation::Kind::copy;
      to.from = op.from;
      to.to = op.to;
    });
  }

  Result<Timepoint> fill(const FillOp& op) override {
    if (!op.to.in || op.to.row_bytes % size_of(op.value.type) != 0)
      return Status{Code::invalid_argument, "fill: a row is no multiple of the value's size"};
    return channel_->push([&](StreamOperation& to) {
      to.kind = StreamOperation::Kind::fill;
      to.to = op.to;
      to.scalar = op.value;
    });
  }

  Result<Timepoint> launch(const LaunchOp& op) override {
    if (!op.kernel) return Status{Code::invalid_argument, "launch: no kernel"};
    return channel_->push([&](StreamOperation& to) {
      to.kind = StreamOperation::Kind::launch;
      to.kernel = op.kernel;
      to.args.assign(op.args);
      to.shape = op.shape;
    });
  }

  Result<Timepoint> hand_over(const HandOver& op) override {
    if (!op.span.in) return Status{Code::invalid_argument, "hand_over: no allocation"};
    return channel_->push([&](StreamOperation& to) {
      to.kind = StreamOperation::Kind::hand_over;
      to.to = op.span;
      to.towards = op.towards;
      to.will_write = op.will_write;
    });
  }

  Status wait_for(Timepoint other) override {
    if (other.trivial()) return {};
    auto channel = state_->find(other.queue);
    if (!channel)
      return {Code::invalid_argument, "wait_for: queue " + std::to_string(other.queue.value) +
                                          " is not one of this device's"};
    return channel_->wait_for(std::move(channel), other.value);
  }

  Status flush() override {
    if (channel_->abandoned()) return {Code::device_lost, "flush: this queue was abandoned"};
    channel_->flush();
    return {};
  }

  Timepoint abandon() noexcept override {
    if (channel_->reached() < channel_->enqueued())
      state_->given_up.store(true, std::memory_order_relaxed);
    return {channel_->id(), channel_->abandon()};
  }

  Timepoint reached() const noexcept override { return {channel_->id(), channel_->reached()}; }
  std::size_t capacity() const noexcept override { return channel_->capacity(); }

 private:
  const std::shared_ptr<Channel> channel_;
  const std::shared_ptr<State> state_;
};

void DriverThread::State::add(std::shared_ptr<Channel> channel) {
  const std::scoped_lock lock{mutex_};
  channels_.push_back(std::move(channel));
  changed_ = true;
}

std::shared_ptr<Channel> DriverThread::State::find(QueueId id) const {
  const std::scoped_lock lock{mutex_};
  for (const auto& channel : channels_)
    if (channel->id() == id && !channel->closed()) return channel;
  return nullptr;
}

void DriverThread::State::stop() noexcept {
  {
    const std::scoped_lock lock{mutex_};
    stopping_ = true;
  }
  waker->wake();
}

// Streams are destroyed here, on the driver thread, and with no lock held.
void DriverThread::State::forget_closed(std::vector<std::shared_ptr<Channel>>& mine) {
  const auto kept = std::partition(mine.begin(), mine.end(),
                                   [](const auto& channel) { return !channel->closed(); });
  for (auto it = kept; it != mine.end(); ++it) (*it)->retire();
  {
    const std::scoped_lock lock{mutex_};
    for (auto it = kept; it != mine.end(); ++it) std::erase(channels_, *it);
  }
  mine.erase(kept, mine.end());
}

void DriverThread::State::run() noexcept {
  std::vector<std::shared_ptr<Channel>> mine;
  for (;;) {
    bool stopping = false;
    {
      const std::scoped_lock lock{mutex_};
      if (std::exchange(changed_, false)) mine = channels_;
      stopping = stopping_;
    }
    bool moved = false;
    for (const auto& channel : mine) moved |= channel->serve();
    forget_closed(mine);
    if (moved) continue;
    if (stopping && mine.empty()) break;
    Nanos most = forever;
    for (const auto& channel : mine) most = std::min(most, channel->look_again());
    if (most == forever) waker->wait();
    else waker->wait_for(most);
  }
  ended.set();
}

DriverThread::DriverThread(const std::string& name) : state_{std::make_shared<State>()} {
  const SignalsBlocked blocked;
  state_->thread = std::thread{[state = state_] { state->run(); }};
  pthread_setname_np(state_->thread.native_handle(), name.substr(0, 15).c_str());
}

DriverThread::~DriverThread() {
  state_->stop();
  const bool left = state_->given_up.load(std::memory_order_relaxed) &&
                    !state_->ended.wait_until(std::chrono::steady_clock::now() + patience);
  if (left) state_->thread.detach();
  else state_->thread.join();
}

std::unique_ptr<Queue> DriverThread::create_queue(QueueId id, std::unique_ptr<Stream> stream,
                                                  QueueListener& listener, std::size_t capacity) {
  auto channel =
      std::make_shared<Channel>(id, std::move(stream), listener, capacity, state_->waker);
  state_->add(channel);
  state_->waker->wake();
  return std::make_unique<Verbs>(std::move(channel), state_);
}

const std::shared_ptr<Waker>& DriverThread::waker() const noexcept { return state_->waker; }

}  // namespace troika
