// The callers' memory that runs use in place.
#pragma once

#include <map>
#include <mutex>
#include <span>

#include "runtime/troika.h"

namespace troika::onnx {

// Adopts a span once, however many runs use it at a time: those that only read it share it, and the
// runtime orders the others. Thread-safe; to be destroyed after its uses and before the runtime.
class Adoptions {
  using Span = std::pair<std::byte*, std::size_t>;
  struct Entry {
    Buffer<std::byte> buffer;
    std::size_t uses = 0;
  };
  using Entries = std::map<Span, Entry>;

 public:
  // Move-only. The memory must stay until it is destroyed, which waits until nothing touches it.
  class Use {
   public:
    Use(Use&& other) noexcept : of_{std::exchange(other.of_, nullptr)}, at_{other.at_} {}
    Use& operator=(Use&&) = delete;
    ~Use();
    const Buffer<std::byte>& buffer() const noexcept { return at_->second.buffer; }

   private:
    friend class Adoptions;
    Use(Adoptions& of, Entries::iterator at) noexcept : of_{&of}, at_{at} {}

    Adoptions* of_;
    Entries::iterator at_;
  };

  explicit Adoptions(Runtime& runtime) noexcept : runtime_{runtime} {}
  Adoptions(const Adoptions&) = delete;
  Adoptions& operator=(const Adoptions&) = delete;

  // Throws as Runtime::adopt(): invalid_argument for one that overlaps another in part.
  Use adopt(std::span<std::byte> memory);

 private:
  Runtime& runtime_;
  std::mutex mutex_;  // protects entries_, and holds others up while a span is let go of
  Entries entries_;
};

}  // namespace troika::onnx
