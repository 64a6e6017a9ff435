// An instance of a model: takes the server's requests and runs them, some at a time.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <span>

#include "serving/triton/batch.h"

namespace troika::triton {

class Instance {
 public:
  // Rows that wait here at most, in largest batches.
  static constexpr std::int64_t waiting_batches_max = 16;
  // A request that has waited so long goes before those of a higher class.
  static constexpr std::chrono::milliseconds patience{100};

  // The model outlives it.
  Instance(ServedModel& model, TRITONBACKEND_ModelInstance& handle) noexcept
      : model_{model}, handle_{handle} {}
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;
  // Waits until every request is answered.
  ~Instance();

  // Takes the requests, refuses at once what cannot be answered before its deadline, and starts
  // runs while fewer than ServedModel::runs_max() are under way. The run that makes them as many it
  // computes itself before it returns, for what arrives at the server meanwhile comes as one larger
  // batch; unless as much came as may at once: then there is more, and it is better known here.
  // Waits while too much does. One call at a time.
  void execute(std::span<TRITONBACKEND_Request* const> requests) noexcept;

  // A batch is over that began with so many rows, and ran those that were still wanted.
  void run_over(std::int64_t rows, std::int64_t rows_run, const Timestamps& times) noexcept;

 private:
  void check_rows(const Request& request) const;
  void check_deadline(const Request& request, std::int64_t rows_before) const;
  std::int64_t rows_of(const Request& request) const;
  // The callers hold the mutex, which start_runs() gives up at times.
  void start_runs(std::unique_lock<std::mutex>& lock) noexcept;
  std::unique_ptr<Batch> next_batch();
  std::deque<Request>::iterator first_to_run();

  ServedModel& model_;
  TRITONBACKEND_ModelInstance& handle_;
  std::mutex mutex_;  // protects all below
  std::condition_variable changed_;
  std::deque<Request> waiting_;
  std::int64_t rows_waiting_ = 0, rows_under_way_ = 0;
  std::size_t under_way_ = 0;
  bool starting_ = false;  // some thread is in start_runs()
};

}  // namespace troika::triton
