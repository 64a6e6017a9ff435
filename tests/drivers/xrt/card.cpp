#include "tests/drivers/xrt/card.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

#include <ert.h>
#include <xrt_mem.h>

#include "tests/drivers/xrt/options.h"

namespace xrt_model {

Card::~Card() { units_.clear(); }

bool Card::is_lost() const {
  const std::scoped_lock lock{mutex_};
  return lost_;
}

int Card::load(const axlf& file) {
  const std::scoped_lock lock{mutex_};
  if (lost_) return -ENODEV;
  Image image;
  if (const int error = read_image(file, image); error != 0) return error;
  if (image.uuid == image_.uuid) return 0;
  if (contexts_ != 0) return -EBUSY;
  if (strikes("no_load")) return -EIO;
  if (!buffers_.load(image.banks)) return -EPERM;
  units_.clear();
  image_ = std::move(image);
  for (const UnitImage& unit : image_.units)
    units_.push_back(std::make_unique<Unit>(
        unit, buffers_, [this](const Command& command, unsigned state) { end(command, state); }));
  return 0;
}

int Card::open_context(const unsigned char* uuid) {
  const std::scoped_lock lock{mutex_};
  if (lost_) return -ENODEV;
  if (!std::equal(image_.uuid.begin(), image_.uuid.end(), uuid)) return -EINVAL;
  ++contexts_;
  return 0;
}

int Card::close_context(const unsigned char* uuid) {
  const std::scoped_lock lock{mutex_};
  if (!std::equal(image_.uuid.begin(), image_.uuid.end(), uuid) || contexts_ == 0) return -EINVAL;
  --contexts_;
  return 0;
}

int Card::execute(unsigned packet_handle) {
  Command command;
  command.packet = buffers_.find(packet_handle);
  command.handle = packet_handle;
  if (!command.packet || !(command.packet->flags & XCL_BO_FLAGS_EXECBUF)) return -EINVAL;
  const auto* const packet = reinterpret_cast<const std::uint32_t*>(command.packet->host->first());
  const std::scoped_lock lock{mutex_};
  if (!lost_ && strikes("lost")) lost_ = true;
  if (lost_) return -ENODEV;
  switch (reinterpret_cast<const ert_packet*>(packet)->opcode) {
    case ERT_START_CU: return start(std::move(command), packet);
    case ERT_START_COPYBO: return copy(command, packet);
    case ERT_ABORT: return abort(static_cast<unsigned>(packet[1]));
    default: return -EINVAL;
  }
}

// Bound when it is submitted, to the unit among those asked for that has had the fewest commands:
// whether it is idle is of no account to the driver either.
int Card::start(Command command, const std::uint32_t* packet) {
  const auto& header = *reinterpret_cast<const ert_start_kernel_cmd*>(packet);
  const std::size_t masks = 1 + header.extra_cu_masks;
  Unit* least = nullptr;
  for (std::size_t i = 0; i < units_.size() && i < masks * 32; ++i) {
    if ((packet[1 + i / 32] >> i % 32 & 1U) == 0) continue;
    if (!least || units_[i]->submitted() < least->submitted()) least = units_[i].get();
  }
  if (!least) return -EINVAL;
  command.words.assign(packet + 1 + masks, packet + 1 + header.count);
  command.hangs = strikes("hang");
  command.fails = strikes("error");
  set_state(command, ERT_CMD_STATE_QUEUED);
  least->submit(std::move(command));
  return 0;
}

int Card::abort(unsigned packet_handle) {
  for (const auto& unit : units_) {
    Command taken;
    if (!unit->take_back(packet_handle, taken)) continue;
    end(taken, ERT_CMD_STATE_ABORT);
    return 0;
  }
  return 0;
}

int Card::copy(const Command& command, const std::uint32_t* packet) {
  const auto& copy = *reinterpret_cast<const ert_start_copybo_cmd*>(packet);
  const auto wide = [](std::uint32_t low, std::uint32_t high) {
    return std::uint64_t{high} << 32U | low;
  };
  const auto from = buffers_.find(copy.src_bo_hdl), to = buffers_.find(copy.dst_bo_hdl);
  const std::uint64_t bytes = copy.size;
  const std::uint64_t from_at = wide(copy.src_addr_lo, copy.src_addr_hi);
  const std::uint64_t to_at = wide(copy.dst_addr_lo, copy.dst_addr_hi);
  const bool fits = from && to && from_at <= from->bytes && bytes <= from->bytes - from_at &&
                    to_at <= to->bytes && bytes <= to->bytes - to_at;
  if (fits) std::memmove(to->device->first() + to_at, from->device->first() + from_at, bytes);
  end(command, fits ? ERT_CMD_STATE_COMPLETED : ERT_CMD_STATE_ERROR);
  return 0;
}

void Card::end(const Command& command, unsigned state) {
  set_state(command, state);
  {
    const std::scoped_lock lock{ended_mutex_};
    ++ended_;
  }
  ended_changed_.notify_all();
}

int Card::wait(int milliseconds) {
  std::unique_lock lock{ended_mutex_};
  const auto some = [this] { return ended_ != 0; };
  if (milliseconds < 0) ended_changed_.wait(lock, some);
  else ended_changed_.wait_for(lock, std::chrono::milliseconds{milliseconds}, some);
  return std::exchange(ended_, 0);
}

int Card::sync(unsigned handle, bool to_device, std::size_t bytes, std::size_t offset) {
  if (is_lost()) return -ENODEV;
  const auto object = buffers_.find(handle);
  if (!object || !object->host || offset > object->bytes || bytes > object->bytes - offset)
    return -EINVAL;
  if (strikes("short_dma")) return -EIO;
  if (object->device == object->host) return 0;
  std::byte* const host = object->host->first() + offset;
  std::byte* const device = object->device->first() + offset;
  std::memcpy(to_device ? device : host, to_device ? host : device, bytes);
  if (const std::uint64_t rate = options().dma_bytes_per_second; rate != 0) {
    std::unique_lock lock{ended_mutex_};
    std::condition_variable never;
    never.wait_for(lock, std::chrono::nanoseconds{bytes * 1'000'000'000 / rate});
  }
  return 0;
}

}  // namespace xrt_model
