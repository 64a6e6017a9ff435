// The floor: nothing but the mechanism. A flat graph, atomic counters and a work-stealing deque; no
// priorities, cancellation, failures, sleeping, concurrent runs or traces.
#include <thread>

#include "bench/peers/peer.h"
#include "bench/peers/tally.h"

namespace troika::bench {
namespace {

// Chase and Lev's, with room for every task.
class Deque {
 public:
  explicit Deque(std::size_t capacity) : tasks_(capacity) {}
  void push(std::uint32_t task) noexcept {
    const std::int64_t bottom = bottom_.load(std::memory_order_relaxed);
    at(bottom).store(task, std::memory_order_relaxed);
    bottom_.store(bottom + 1, std::memory_order_release);
  }
  bool pop(std::uint32_t& task) noexcept {
    const std::int64_t bottom = bottom_.load(std::memory_order_relaxed) - 1;
    bottom_.store(bottom, std::memory_order_seq_cst);
    std::int64_t top = top_.load(std::memory_order_seq_cst);
    if (top < bottom) return task = at(bottom).load(std::memory_order_relaxed), true;
    bool got = false;
    if (top == bottom) {
      task = at(bottom).load(std::memory_order_relaxed);
      got = top_.compare_exchange_strong(top, top + 1, std::memory_order_seq_cst);
    }
    bottom_.store(bottom + 1, std::memory_order_relaxed);
    return got;
  }
  bool steal(std::uint32_t& task) noexcept {
    std::int64_t top = top_.load(std::memory_order_seq_cst);
    if (top >= bottom_.load(std::memory_order_seq_cst)) return false;
    task = at(top).load(std::memory_order_relaxed);
    return top_.compare_exchange_strong(top, top + 1, std::memory_order_seq_cst);
  }

 private:
  std::atomic<std::uint32_t>& at(std::int64_t index) noexcept {
    return tasks_[static_cast<std::size_t>(index) % tasks_.size()];
  }
  alignas(64) std::atomic<std::int64_t> top_{0};
  alignas(64) std::atomic<std::int64_t> bottom_{0};
  std::vector<std::atomic<std::uint32_t>> tasks_;
};

class FloorGraph final : public BuiltGraph {
 public:
  FloorGraph(const Shape& shape, unsigned threads)
      : tasks_{shape.tasks},
        threads_{threads},
        first_(tasks_ + 1),
        successors_(shape.edges.size()),
        predecessors_(tasks_),
        waits_(tasks_),
        tally_{threads} {
    for (const auto& [from, to] : shape.edges) ++first_[from], ++predecessors_[to];
    for (std::uint32_t task = 0, end = 0; task <= tasks_; ++task) {
      end += task < tasks_ ? first_[task] : 0;
      first_[task] = end;
    }
    for (auto edge = shape.edges.rbegin(); edge != shape.edges.rend(); ++edge) {
      successors_[--first_[edge->first]] = edge->second;
    }
    // The capacity is a power of two, so that a remainder is a mask.
    std::size_t capacity = 1;
    while (capacity < tasks_) capacity *= 2;
    for (unsigned t = 0; t < threads; ++t) deques_.push_back(std::make_unique<Deque>(capacity));
    for (unsigned t = 1; t < threads; ++t) workers_.emplace_back([this, t] { serve(t); });
  }
  ~FloorGraph() override {
    round_.store(0, std::memory_order_release);
    for (auto& worker : workers_) worker.join();
  }

  void run() override {
    for (std::uint32_t task = 0; task < tasks_; ++task) {
      waits_[task].store(predecessors_[task], std::memory_order_relaxed);
      // Dealt out in blocks: nobody works yet.
      if (predecessors_[task] == 0) deques_[std::uint64_t{task} * threads_ / tasks_]->push(task);
    }
    finished_.store(0, std::memory_order_relaxed);
    over_.store(0, std::memory_order_relaxed);
    round_.fetch_add(1, std::memory_order_release);
    work(0);
    while (finished_.load(std::memory_order_acquire) != threads_) std::this_thread::yield();
  }

  std::uint64_t tasks_run() const override { return tally_.sum(); }
  std::optional<std::size_t> bytes() const override {
    return sizeof(std::uint32_t) *
           (first_.size() + successors_.size() + predecessors_.size() + waits_.size());
  }

 private:
  void serve(unsigned self) {
    for (std::uint64_t seen = 1;;) {
      std::uint64_t round = round_.load(std::memory_order_acquire);
      if (round == 0) return;
      if (round == seen) {
        std::this_thread::yield();
        continue;
      }
      seen = round;
      work(self);
    }
  }

  void work(unsigned self) noexcept {
    std::uint32_t done = 0, task = 0;
    while (true) {
      bool got = deques_[self]->pop(task);
      if (!got) {
        if (done != 0) over_.fetch_add(done, std::memory_order_acq_rel);
        done = 0;
        if (over_.load(std::memory_order_acquire) == tasks_) break;
        for (unsigned k = 1; k < threads_ && !got; ++k) {
          got = deques_[(self + k) % threads_]->steal(task);
        }
      }
      while (got) {
        tally_.add(self);
        ++done;
        got = false;
        std::uint32_t next = 0;
        for (std::uint32_t i = first_[task]; i != first_[task + 1]; ++i) {
          const std::uint32_t successor = successors_[i];
          if (waits_[successor].fetch_sub(1, std::memory_order_acq_rel) != 1) continue;
          if (got) deques_[self]->push(successor);
          else next = successor, got = true;
        }
        task = next;
      }
    }
    finished_.fetch_add(1, std::memory_order_release);
  }

  std::uint32_t tasks_;
  unsigned threads_;
  std::vector<std::uint32_t> first_, successors_, predecessors_;
  std::vector<std::atomic<std::uint32_t>> waits_;
  Tally tally_;
  std::vector<std::unique_ptr<Deque>> deques_;
  alignas(64) std::atomic<std::uint32_t> over_{0};
  std::atomic<unsigned> finished_{0};
  std::atomic<std::uint64_t> round_{1};
  std::vector<std::thread> workers_;
};

class Floor final : public Peer {
 public:
  explicit Floor(unsigned threads) : threads_{threads} {}
  const char* name() const override { return "floor"; }
  std::string about() const override {
    return "nothing but the mechanism: a flat graph, atomic counters, a work-stealing deque";
  }
  std::unique_ptr<BuiltGraph> build(const Shape& shape) override {
    return std::make_unique<FloorGraph>(shape, threads_);
  }

 private:
  unsigned threads_;
};

}  // namespace

std::unique_ptr<Peer> make_floor(unsigned threads) { return std::make_unique<Floor>(threads); }

}  // namespace troika::bench
