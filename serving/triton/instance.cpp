#include "serving/triton/instance.h"

#include <algorithm>
#include <optional>

namespace troika::triton {

Instance::~Instance() {
  std::unique_lock lock{mutex_};
  changed_.wait(lock, [&] { return under_way_ == 0 && waiting_.empty() && !starting_; });
}

void Instance::execute(std::span<TRITONBACKEND_Request* const> requests) noexcept {
  const std::int64_t rows_max = model_.config().max_batch_size;
  std::vector<Request> taken;
  std::int64_t rows = 0, before = 0;
  {
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [&] {
      return rows_waiting_ < waiting_batches_max * std::max<std::int64_t>(rows_max, 1);
    });
    before = rows_waiting_ + rows_under_way_;
  }
  for (TRITONBACKEND_Request* const given : requests) {
    const Clock::time_point now = Clock::now();
    Request request{handle_, *given};
    const Status readable = status_of([&] {
      request.read(model_.inputs());
      check_rows(request);
      check_deadline(request, before + rows);
    });
    if (readable.ok()) {
      rows += rows_of(request);
      taken.push_back(std::move(request));
    } else {
      request.answer(readable, {now, now, now});
    }
  }
  std::optional<Guest> here;
  std::unique_lock lock{mutex_};
  const auto brought = std::max(rows, static_cast<std::int64_t>(requests.size()));
  const bool more = rows_max > 0 && brought >= rows_max;
  if (!more && under_way_ + 1 == model_.runs_max())
    here.emplace(*model_.engine().runtime.core()->workers());
  for (Request& request : taken) waiting_.push_back(std::move(request));
  rows_waiting_ += rows;
  start_runs(lock);
}

std::int64_t Instance::rows_of(const Request& request) const {
  return model_.config().max_batch_size == 0 ? 1 : request.rows();
}

// Where there is a dimension for the batch, each input of a request has as many rows as the first.
void Instance::check_rows(const Request& request) const {
  if (model_.config().max_batch_size == 0) return;
  for (const Request::Input& input : request.inputs())
    if (input.dims.empty() || input.dims[0] != request.inputs().front().dims.front())
      onnx::refuse(Code::invalid_argument, "input '" + input.name + "' is " +
                                               onnx::to_string(input.dims) +
                                               ", and its first dimension is not the batch's");
}

void Instance::check_deadline(const Request& request, std::int64_t rows_before) const {
  const Nanos left = request.time_left();
  if (left == Nanos::max()) return;
  const BatchSizes& sizes = model_.sizes();
  const std::int64_t rows = rows_of(request);
  // Where nothing is before it, how things have gone lately counts for nothing: else, once all is
  // refused, it always would be.
  const Nanos needed =
      rows_before == 0 ? sizes.undisturbed(rows) : sizes.predicted(rows_before + rows);
  if (needed > left)
    onnx::refuse(Code::timed_out,
                 "not begun, for it would be late: " + std::to_string(rows_before) +
                     " rows are before it, with which it takes " +
                     std::to_string(needed.count() / 1000) + " us, of which " +
                     std::to_string(left.count() / 1000) + " are left");
}

// Who comes while another is here leaves what there is to it.
void Instance::start_runs(std::unique_lock<std::mutex>& lock) noexcept {
  if (starting_) return;
  starting_ = true;
  while (!waiting_.empty() && under_way_ < model_.runs_max()) {
    std::unique_ptr<Batch> batch = next_batch();
    under_way_ += 1;
    lock.unlock();
    Batch::start(std::move(batch));
    lock.lock();
  }
  starting_ = false;
  changed_.notify_all();
}

std::deque<Request>::iterator Instance::first_to_run() {
  if (Clock::now() - waiting_.front().came() > patience) return waiting_.begin();
  return std::ranges::max_element(waiting_, {}, &Request::priority);
}

std::unique_ptr<Batch> Instance::next_batch() {
  const auto first = first_to_run();
  auto batch = std::make_unique<Batch>(model_, *this, std::move(*first));
  waiting_.erase(first);
  std::int64_t alike = batch->rows();
  for (const Request& request : waiting_)
    if (batch->fits(request)) alike += rows_of(request);
  const std::int64_t most = std::max<std::int64_t>(model_.config().max_batch_size, 1);
  const std::int64_t rows = model_.sizes().next_run(std::min(alike, most));
  for (auto request = waiting_.begin(); request != waiting_.end() && batch->rows() < rows;) {
    if (batch->fits(*request) && batch->rows() + rows_of(*request) <= rows) {
      batch->add(std::move(*request));
      request = waiting_.erase(request);
    } else {
      ++request;
    }
  }
  rows_waiting_ -= batch->rows();
  rows_under_way_ += batch->rows();
  return batch;
}

void Instance::run_over(std::int64_t rows, std::int64_t rows_run,
                        const Timestamps& times) noexcept {
  if (rows_run != 0) {
    log_if_failed(TRITONBACKEND_ModelInstanceReportBatchStatistics(
                      &handle_, static_cast<std::uint64_t>(rows_run), nanos(times.begin),
                      nanos(times.compute_begin), nanos(times.compute_end), nanos(Clock::now())),
                  "statistics of a batch");
    model_.sizes().observe(rows_run, times.compute_end - times.compute_begin);
  }
  std::unique_lock lock{mutex_};
  under_way_ -= 1;
  rows_under_way_ -= rows;
  start_runs(lock);
  changed_.notify_all();
}

}  // namespace troika::triton
