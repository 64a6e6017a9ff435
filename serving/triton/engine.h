// What all models of the server's process share: one runtime, and what runs need beside it.
#pragma once

#include <memory>
#include <memory_resource>
#include <mutex>
#include <span>

#include <nlohmann/json.hpp>

#include "runtime/troika.h"
#include "serving/onnx/adoptions.h"
#include "serving/triton/server.h"
#include "serving/triton/watch.h"

namespace troika::triton {

// Memory for inputs that are gathered and for outputs that are shared out, kept for the next run.
// Thread-safe.
class Staging {
 public:
  static constexpr std::size_t alignment = 64;
  static constexpr std::size_t kept_block_bytes_max = std::size_t{4}
                                                      << 20;  // larger ones are freed

  struct Free {
    std::pmr::memory_resource* to;
    std::size_t bytes;
    void operator()(std::byte* block) const noexcept { to->deallocate(block, bytes, alignment); }
  };
  using Block = std::unique_ptr<std::byte, Free>;

  Block take(std::size_t bytes) {
    return {static_cast<std::byte*>(pool_.allocate(bytes, alignment)), Free{&pool_, bytes}};
  }

 private:
  std::pmr::synchronized_pool_resource pool_{{0, kept_block_bytes_max}};
};

struct Engine {
  // `config`: the server's --backend-config for us: `workers`, `devices` (with commas).
  explicit Engine(const nlohmann::json& config);

  Runtime runtime;
  std::shared_ptr<onnx::Adoptions> adoptions;
  Staging staging;
  Watch watch;
  std::mutex timing;  // the server loads models side by side, which would spoil what is learned
  CounterFamily in_place, copied, plans_made;
};

}  // namespace troika::triton
