#include "serving/triton/instance.h"

#include <algorithm>
#include <optional>

namespace troika::triton {

Instance::~Instance() {
  std::unique_lock lock{mutex_};
  one_over_.wait(lock, [&] { return under_way_ == 0; });
}

void Instance::execute(std::span<TRITONBACKEND_Request* const> requests) noexcept {
  const Clock::time_point begun = Clock::now();
  Batches batches;
  for (TRITONBACKEND_Request* const given : requests) {
    Request request{handle_, *given};
    const Status taken = status_of([&] {
      request.read(model_.inputs());
      check_rows(request);
      sort_in(std::move(request), batches);
    });
    if (!taken.ok()) request.answer(taken, {begun, begun, begun});
  }
  for (auto& batch : batches) begin(std::move(batch));
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

void Instance::sort_in(Request&& request, Batches& batches) {
  const auto fitting = std::ranges::find_if(
      batches, [&](const std::unique_ptr<Batch>& batch) { return batch->takes(request); });
  if (fitting != batches.end()) (*fitting)->add(std::move(request));
  else batches.push_back(std::make_unique<Batch>(model_, *this, std::move(request)));
}

void Instance::begin(std::unique_ptr<Batch> batch) noexcept {
  bool last = false;
  {
    std::unique_lock lock{mutex_};
    one_over_.wait(lock, [&] { return under_way_ < model_.runs_max(); });
    under_way_ += 1;
    last = under_way_ == model_.runs_max();
  }
  // The batch that takes the last place is run by this thread, which could only wait.
  std::optional<Guest> here;
  if (last) here.emplace(*model_.engine().runtime.core()->workers());
  Batch::start(std::move(batch));
}

void Instance::run_over(std::uint64_t rows, const Timestamps& times) noexcept {
  if (rows != 0)
    log_if_failed(TRITONBACKEND_ModelInstanceReportBatchStatistics(
                      &handle_, rows, nanos(times.begin), nanos(times.compute_begin),
                      nanos(times.compute_end), nanos(Clock::now())),
                  "statistics of a batch");
  const std::lock_guard lock{mutex_};
  under_way_ -= 1;
  one_over_.notify_all();
}

}  // namespace troika::triton
