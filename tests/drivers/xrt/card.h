// One card as a process has it open: its image, its memory, its compute units.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "tests/drivers/xrt/buffers.h"
#include "tests/drivers/xrt/image.h"
#include "tests/drivers/xrt/unit.h"

namespace xrt_model {

// Thread-safe. Functions that return int return 0, or what the kernel's driver answers: -EBUSY…
class Card {
 public:
  explicit Card(unsigned index) : index_{index} {}
  ~Card();

  unsigned index() const noexcept { return index_; }
  Buffers& buffers() noexcept { return buffers_; }
  void keep(std::shared_ptr<void> vendor_device) { vendor_device_ = std::move(vendor_device); }
  void* vendor_device() const noexcept { return vendor_device_.get(); }
  bool is_lost() const;

  // The same image again is free. Another one: -EBUSY while a context is open, -EPERM while a
  // buffer lives in banks that it has not.
  int load(const axlf& file);
  int open_context(const unsigned char* uuid);
  int close_context(const unsigned char* uuid);
  // What a packet asks for, in a buffer made for packets.
  int execute(unsigned packet_handle);
  // How many commands have ended since the last call, once there are any; 0 when it took too long.
  int wait(int milliseconds);
  // A copy between the two sides of a buffer.
  int sync(unsigned handle, bool to_device, std::size_t bytes, std::size_t offset);

 private:
  int start(Command command, const std::uint32_t* packet);
  int abort(unsigned packet_handle);
  int copy(const Command& command, const std::uint32_t* packet);
  void end(const Command& command, unsigned state);

  const unsigned index_;
  std::shared_ptr<void> vendor_device_;
  Buffers buffers_;
  mutable std::mutex mutex_;  // protects all below
  Image image_;
  unsigned contexts_ = 0;
  bool lost_ = false;
  std::vector<std::unique_ptr<Unit>> units_;
  std::mutex ended_mutex_;  // protects the next two; taken last
  std::condition_variable ended_changed_;
  int ended_ = 0;
};

}  // namespace xrt_model
