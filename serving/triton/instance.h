// An instance of a model: takes the server's requests and runs them, some at a time.
#pragma once

#include <condition_variable>
#include <mutex>
#include <span>

#include "serving/triton/batch.h"

namespace troika::triton {

class Instance {
 public:
  // The model outlives it.
  Instance(ServedModel& model, TRITONBACKEND_ModelInstance& handle) noexcept
      : model_{model}, handle_{handle} {}
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;
  // Waits until every request is answered.
  ~Instance();

  // Takes the requests, and returns when their runs have begun; they are answered later, by other
  // threads. Waits while ServedModel::runs_max() runs are under way, and takes part in the run that
  // makes them as many: what arrives at the server meanwhile comes as one larger batch. One call at
  // a time.
  void execute(std::span<TRITONBACKEND_Request* const> requests) noexcept;

  // A batch is over: `rows` of it were run.
  void run_over(std::uint64_t rows, const Timestamps& times) noexcept;

 private:
  using Batches = std::vector<std::unique_ptr<Batch>>;

  void check_rows(const Request& request) const;
  void sort_in(Request&& request, Batches& batches);
  void begin(std::unique_ptr<Batch> batch) noexcept;

  ServedModel& model_;
  TRITONBACKEND_ModelInstance& handle_;
  std::mutex mutex_;  // protects under_way_
  std::condition_variable one_over_;
  std::size_t under_way_ = 0;
};

}  // namespace troika::triton
