// A kernel that takes until it is let go: for tests that need a device to be busy.
#pragma once

#include <memory>
#include <vector>

#include "backends/sim/world.h"
#include "runtime/device/kernel.h"

namespace troika::sim {

class Hold {
 public:
  // Its launches take no arguments, and end when `hold` is released.
  static KernelImage image(const std::shared_ptr<Hold>& hold);
  // Null when `function` is not that of such an image.
  static Hold* of(const HostFunction& function) noexcept;

  explicit Hold(World& world) noexcept : world_{world} {}
  // Ends every held launch at this instant of the world's; later ones are not held.
  void release();
  bool holds() const noexcept { return !held_.empty(); }
  // Called by the device: `done` ends a launch.
  void add(World::Callback done);

 private:
  static void call(const void*, const HostCall&) {}

  World& world_;
  std::vector<World::Callback> held_;
  bool released_ = false;
};

}  // namespace troika::sim
