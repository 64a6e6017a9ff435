// Requests that one run answers.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <vector>

#include "serving/triton/request.h"
#include "serving/triton/served_model.h"

namespace troika::triton {

class Instance;

// Of one request, inputs and outputs are used where they lie if they are in one piece and aligned.
// Of several, rows are gathered before the run and shared out behind it.
class Batch final : public onnx::Completion, private Watched {
 public:
  Batch(ServedModel& model, Instance& instance, Request first);

  // Whether the request's rows may stand behind those that are there.
  bool fits(const Request& other) const;
  void add(Request other);
  std::int64_t rows() const;

  // Runs what is still wanted. From here on it belongs to itself: it answers every request, tells
  // the instance, and is gone.
  static void start(std::unique_ptr<Batch> batch) noexcept;

 private:
  struct Output {
    onnx::Port port;
    Staging::Block staged;                 // null: it lies where the answer wants it
    std::vector<std::byte*> destinations;  // by request; null: not asked for
  };

  void done(const Status& outcome) noexcept override;
  void cancel_if_unwanted() noexcept override;

  void drop_unwanted();
  void run();
  onnx::TensorRef gathered(std::size_t input);
  onnx::TensorRef destination(const onnx::Port& port);
  void share_out() const;
  void settle() noexcept;
  void finish() noexcept;

  ServedModel& model_;
  Instance& instance_;
  std::vector<Request> requests_;
  std::int64_t rows_begun_ = 0;  // with those that were dropped
  std::int64_t rows_run_ = 0;    // with those that fill it up to a size that there is a plan for
  Timestamps times_;
  std::vector<Staging::Block> staged_inputs_;
  std::vector<Output> outputs_;
  std::size_t in_place_bytes_ = 0, copied_bytes_ = 0;
  std::optional<Run> run_;
  bool cancelled_ = false;  // the watch's
  Status outcome_;
  std::atomic<int> arrived_{0};  // who starts the run, and who is told of its end
};

}  // namespace troika::triton
