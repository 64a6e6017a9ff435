#include "serving/triton/batch.h"

#include <algorithm>
#include <cstring>

#include "serving/triton/instance.h"

namespace troika::triton {
namespace {

using onnx::Dims;
using onnx::Port;
using onnx::TensorRef;

bool is_aligned(const std::byte* at, onnx::ElementType type) noexcept {
  return reinterpret_cast<std::uintptr_t>(at) % size_of(type) == 0;
}

std::size_t bytes_of(const Port& port) noexcept {
  return static_cast<std::size_t>(onnx::elements_of(port.dims)) * size_of(port.type);
}

bool same_but_for_rows(const Request::Input& a, const Request::Input& b) {
  return a.type == b.type && a.dims.size() == b.dims.size() &&
         std::equal(a.dims.begin() + 1, a.dims.end(), b.dims.begin() + 1);
}

}  // namespace

Batch::Batch(ServedModel& model, Instance& instance, Request first)
    : model_{model}, instance_{instance} {
  requests_.push_back(std::move(first));
}

std::int64_t Batch::rows() const {
  if (model_.config().max_batch_size == 0) return 1;
  std::int64_t sum = 0;
  for (const Request& request : requests_) sum += request.rows();
  return sum;
}

bool Batch::fits(const Request& other) const {
  if (model_.config().max_batch_size == 0 || other.priority() != requests_.front().priority() ||
      other.inputs().empty())
    return false;
  for (std::size_t i = 0; i < other.inputs().size(); ++i)
    if (!same_but_for_rows(other.inputs()[i], requests_.front().inputs()[i])) return false;
  return true;
}

void Batch::add(Request other) { requests_.push_back(std::move(other)); }

void Batch::start(std::unique_ptr<Batch> batch) noexcept {
  Batch* const self = batch.release();
  const Clock::time_point now = Clock::now();
  self->times_ = {now, now, now};
  self->rows_begun_ = self->rows();
  const Status started = status_of([&] {
    self->drop_unwanted();
    if (!self->requests_.empty()) self->run();
  });
  if (!started.ok() || self->requests_.empty()) {
    self->outcome_ = started;
    self->finish();
    return;
  }
  self->settle();
}

// What is not wanted is answered now, and takes no part in the run.
void Batch::drop_unwanted() {
  std::vector<Request> wanted;
  wanted.reserve(requests_.size());
  for (Request& request : requests_) {
    if (const Status now = request.wanted(); now.ok()) wanted.push_back(std::move(request));
    else request.answer(now, times_);
  }
  requests_ = std::move(wanted);
}

void Batch::run() {
  // The memory of a request that runs alone is used as it is.
  rows_run_ = requests_.size() > 1 ? model_.sizes().filled_up(rows()) : rows();
  std::vector<TensorRef> inputs, outputs;
  std::vector<Dims> dims;
  for (std::size_t i = 0; i < model_.inputs().size(); ++i) {
    inputs.push_back(gathered(i));
    dims.push_back(inputs.back().dims);
  }
  const Priority priority = requests_.front().priority();
  for (const Port& port : model_.session().outputs_for(dims, priority))
    outputs.push_back(destination(port));
  model_.count_plans();
  times_.compute_begin = Clock::now();
  run_ = model_.session().start(inputs, outputs, priority, *this);
  model_.engine().watch.add(*this);
}

TensorRef Batch::gathered(std::size_t index) {
  const Request::Input& first = requests_.front().inputs()[index];
  Dims dims = first.dims;
  std::size_t bytes = 0, at = 0;
  if (requests_.size() > 1) dims[0] = rows_run_;
  for (const Request& request : requests_) bytes += request.inputs()[index].bytes;
  if (requests_.size() == 1 && first.parts.size() == 1 &&
      is_aligned(first.parts.front().data(), first.type)) {
    in_place_bytes_ += bytes;
    return {first.type, std::move(dims), first.parts.front().data()};
  }
  const std::size_t room = requests_.size() > 1 ? bytes_of({"", first.type, dims}) : bytes;
  staged_inputs_.push_back(model_.engine().staging.take(std::max<std::size_t>(room, 1)));
  std::byte* const to = staged_inputs_.back().get();
  for (const Request& request : requests_) {
    for (const auto part : request.inputs()[index].parts) {
      std::memcpy(to + at, part.data(), part.size());
      at += part.size();
    }
  }
  std::memset(to + at, 0, room - at);
  copied_bytes_ += bytes;
  return {first.type, std::move(dims), to};
}

TensorRef Batch::destination(const Port& port) {
  if (requests_.size() > 1 && (port.dims.empty() || port.dims[0] != rows_run_))
    onnx::refuse(Code::invalid_argument,
                 "output '" + port.name + "' of " + onnx::to_string(port.dims) +
                     " has no row for each of the batch's " + std::to_string(rows_run_) + " rows");
  Output output{port, {}, {}};
  for (Request& request : requests_) {
    Dims dims = port.dims;
    if (requests_.size() > 1) dims[0] = request.rows();
    output.destinations.push_back(request.output(port.name, port.type, dims));
  }
  std::byte* to = requests_.size() == 1 ? output.destinations.front() : nullptr;
  if (to != nullptr && is_aligned(to, port.type)) {
    in_place_bytes_ += bytes_of(port);
  } else {
    output.staged = model_.engine().staging.take(std::max<std::size_t>(bytes_of(port), 1));
    to = output.staged.get();
    for (const std::byte* destination : output.destinations)
      if (destination != nullptr) copied_bytes_ += bytes_of(port) / output.destinations.size();
  }
  outputs_.push_back(std::move(output));
  return {port.type, port.dims, to};
}

void Batch::share_out() const {
  for (const Output& output : outputs_) {
    if (output.staged == nullptr) continue;
    const auto whole = static_cast<std::size_t>(rows_run_);
    std::size_t at = 0;
    for (std::size_t i = 0; i < requests_.size(); ++i) {
      const std::size_t part =
          requests_.size() == 1 ? whole : static_cast<std::size_t>(requests_[i].rows());
      const std::size_t bytes = bytes_of(output.port) / std::max<std::size_t>(whole, 1) * part;
      if (output.destinations[i] != nullptr)
        std::memcpy(output.destinations[i], output.staged.get() + at, bytes);
      at += bytes;
    }
  }
}

void Batch::done(const Status& outcome) noexcept {
  outcome_ = outcome;
  settle();
}

// The run may be over before start() has its handle: whoever is second goes on.
void Batch::settle() noexcept {
  if (arrived_.fetch_add(1, std::memory_order_acq_rel) == 0) return;
  model_.engine().watch.remove(*this);
  finish();
}

void Batch::finish() noexcept {
  times_.compute_end = Clock::now();
  if (outcome_.ok()) share_out();
  const std::int64_t rows = rows_begun_;
  const std::int64_t rows_run = outcome_.ok() ? this->rows() : 0;
  for (Request& request : requests_) {
    // A run that was cut short was cut short because nobody wanted it, each for a reason of its
    // own.
    const Status wanted = outcome_.code() == Code::cancelled ? request.wanted() : Status{};
    request.answer(wanted.ok() ? outcome_ : wanted, times_);
  }
  model_.in_place().add(in_place_bytes_);
  model_.copied().add(copied_bytes_);
  Instance& instance = instance_;
  const Timestamps times = times_;
  delete this;
  instance.run_over(rows, rows_run, times);
}

void Batch::cancel_if_unwanted() noexcept {
  const auto is_wanted = [](const Request& request) { return request.wanted().ok(); };
  if (std::ranges::none_of(requests_, is_wanted) && !std::exchange(cancelled_, true))
    run_->cancel();
}

}  // namespace troika::triton
