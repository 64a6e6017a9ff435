// A version of a model that the server has loaded.
#pragma once

#include <atomic>
#include <filesystem>

#include "serving/onnx/session.h"
#include "serving/triton/batch_sizes.h"
#include "serving/triton/engine.h"
#include "serving/triton/model_config.h"

namespace troika::triton {

// Immutable but for what its session keeps. Thread-safe.
class ServedModel {
 public:
  // Loads the file, checks it against the configuration, and runs what is to be warm. Throws Error,
  // naming what is wrong. The engine outlives it.
  ServedModel(Engine& engine, ModelConfig config, const std::filesystem::path& file,
              std::uint64_t version);

  Engine& engine() noexcept { return engine_; }
  const ModelConfig& config() const noexcept { return config_; }
  const std::vector<onnx::Port>& inputs() const noexcept { return model_.inputs(); }
  onnx::Session& session() noexcept { return session_; }
  const BatchSizes& sizes() const noexcept { return sizes_; }
  BatchSizes& sizes() noexcept { return sizes_; }
  const Counter& in_place() const noexcept { return in_place_; }
  const Counter& copied() const noexcept { return copied_; }
  // To be called when plans may have been made, so that they are counted.
  void count_plans();
  // Runs of an instance at once; further requests wait, and become larger batches meanwhile.
  std::size_t runs_max() const noexcept { return config_.runs_max; }

 private:
  ServedModel(Engine& engine, ModelConfig config, onnx::Model model, std::uint64_t version);
  void warm_up();
  Nanos undisturbed_run(std::span<const onnx::TensorRef> inputs);

  Engine& engine_;
  ModelConfig config_;
  onnx::Model model_;
  onnx::Session session_;
  BatchSizes sizes_;
  Counter in_place_, copied_, plans_made_;
  std::atomic<std::uint64_t> plans_counted_{0};
};

}  // namespace troika::triton
