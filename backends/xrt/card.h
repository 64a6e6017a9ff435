// One card: the image that is loaded, its compute units and what lies in its memory. The driver
// thread only, once it is open.
#pragma once

#include <list>
#include <memory>
#include <string>
#include <vector>

#include <xrt/xrt_device.h>

#include "backends/xrt/image.h"
#include "backends/xrt/launch.h"
#include "runtime/base/environment.h"
#include "runtime/base/time.h"

namespace troika::xrt {

// A compute unit of the loaded image. Each has a kernel object of its own, so that which one runs
// is decided here: the vendor's scheduler takes the one that was used least, idle or not.
struct Unit {
  const UnitInfo* info = nullptr;
  ::xrt::kernel kernel;
  std::vector<std::unique_ptr<Launch>> idle;
  unsigned in_flight = 0;
};

// A stream's head wants an image that is not loaded.
struct Wish {
  int image = -1;  // -1: none
  Nanos since{0};
  std::uint64_t launches = 0;  // begun on the card when it was last asked and idle
};

class Card {
 public:
  Card(std::string name, ::xrt::device device, std::vector<Image> images, Environment& environment);
  // Runs that were given up and do not end are left to the vendor, with all they use.
  ~Card();

  const std::string& name() const noexcept { return name_; }
  const std::vector<Image>& images() const noexcept { return images_; }
  ::xrt::device& device() noexcept { return device_; }
  int loaded() const noexcept { return loaded_; }
  // Of the loaded image's kernels.
  std::vector<Unit>& units_of(int kernel) { return units_[static_cast<std::size_t>(kernel)]; }
  Environment& environment() noexcept { return environment_; }

  // Something on the card began or ended; while there is any, its image stays.
  void begin_work(bool launch) noexcept;
  void end_work() noexcept { --busy_; }

  // Whether the wish for `image` may be fulfilled now: the card is idle, and no launch on the
  // loaded image came since this was last asked, so that work goes by image.
  bool may_load(Wish& wish, int image);
  // Whether a wish has waited so long that no launch on the loaded image begins any more.
  bool is_held() const;
  // The stream wants no other image any more. A wish that may_load() has seen stays where it is
  // until then.
  void forget(Wish& wish);
  // How soon a stream with that wish is to be asked again.
  Nanos ask_again(const Wish& wish) const noexcept;

  // When idle. What lies in the card's memory goes to the host's pages first, for it is lost. The
  // same image again is free.
  Status load(int image);
  // As load took in the end; what its next time is expected to.
  Nanos load_cost(int image) const { return load_costs_[static_cast<std::size_t>(image)]; }

  // Brings a body to a bank, from another one if need be. Others that nobody uses make room.
  Status place(const std::shared_ptr<Body>& body, int bank,
               const std::vector<std::shared_ptr<Body>>& staying);
  // An idle launch of the unit.
  Result<std::unique_ptr<Launch>> take_launch(Unit& unit, const std::shared_ptr<Waker>& waker);
  // Of a stream that is gone: given back when it has ended.
  void adopt(std::unique_ptr<Launch> launch, Unit& unit);
  // Gives back what has ended of those, and what buffers that are gone have left in the memory.
  void tidy();

 private:
  struct Orphan {
    std::unique_ptr<Launch> launch;
    Unit* unit;
  };

  Status make_units(const Image& image);
  Status clear_memory();
  bool make_room(int bank, const std::vector<std::shared_ptr<Body>>& staying);

  const std::string name_;
  Environment& environment_;
  ::xrt::device device_;
  const std::vector<Image> images_;
  std::vector<Nanos> load_costs_;
  int loaded_ = -1;
  std::vector<std::vector<Unit>> units_;  // by kernel
  std::list<std::shared_ptr<Body>> placed_;
  std::vector<Orphan> orphans_;
  std::vector<const Wish*> wishes_;
  std::uint64_t launches_ = 0;
  unsigned busy_ = 0;
};

}  // namespace troika::xrt
