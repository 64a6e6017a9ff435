#include "backends/xrt/card.h"

#include <algorithm>
#include <chrono>
#include <mutex>
#include <utility>

#include "backends/xrt/call.h"

namespace troika::xrt {
namespace {

// What a wish waits at least, and at most, while others use the loaded image: a few times what
// loading costs, so that it does not cost more than the work between two loads.
constexpr Nanos patience_min = std::chrono::milliseconds{1};
constexpr Nanos patience_max = std::chrono::seconds{2};
constexpr int patience_in_loads = 4;

// The vendor keeps a map of kernels' devices for the process, and no lock around it.
std::mutex& kernels_mutex() {
  static std::mutex mutex;
  return mutex;
}

// The weight of the latest load in what the next one is expected to cost.
constexpr int newest_parts = 3, all_parts = 4;

}  // namespace

Card::Card(std::string name, ::xrt::device device, std::vector<Image> images,
           Environment& environment)
    : name_{std::move(name)},
      environment_{environment},
      device_{std::move(device)},
      images_{std::move(images)},
      load_costs_(images_.size(), Nanos{0}) {}

Card::~Card() {
  tidy();
  if (orphans_.empty()) return;
  // Runs hold kernels, and these the card.
  for (Orphan& orphan : orphans_) static_cast<void>(orphan.launch.release());
}

void Card::begin_work(bool launch) noexcept {
  ++busy_;
  if (launch) ++launches_;
}

bool Card::may_load(Wish& wish, int image) {
  const bool is_new = wish.image < 0;
  if (is_new) {
    wish = {image, environment_.now(), launches_};
    wishes_.push_back(&wish);
  }
  if (busy_ != 0) return false;
  if (loaded_ < 0) return true;
  if (is_new) return false;
  return std::exchange(wish.launches, launches_) == launches_ || is_held();
}

void Card::forget(Wish& wish) {
  if (std::exchange(wish, {}).image >= 0) std::erase(wishes_, &wish);
}

bool Card::is_held() const {
  return std::any_of(wishes_.begin(), wishes_.end(), [this](const Wish* wish) {
    if (wish->image == loaded_) return false;
    const Nanos cost = load_cost(wish->image) * patience_in_loads;
    return environment_.now() - wish->since > std::clamp(cost, patience_min, patience_max);
  });
}

Nanos Card::ask_again(const Wish& wish) const noexcept {
  return wish.image >= 0 && busy_ == 0 ? Nanos{0} : forever;
}

Status Card::clear_memory() {
  for (const auto& body : placed_) TROIKA_TRY(body->evict(name_));
  placed_.clear();
  return {};
}

Status Card::make_units(const Image& image) {
  const std::scoped_lock lock{kernels_mutex()};
  return attempt(Code::kernel_failed, "opening the compute units of " + image.path, name_, [&] {
    const ::xrt::uuid uuid = image.file.get_uuid();
    for (const KernelInfo& kernel : image.kernels) {
      auto& units = units_.emplace_back();
      for (const UnitInfo& info : kernel.units) {
        Unit& unit = units.emplace_back();
        unit.info = &info;
        unit.kernel =
            ::xrt::kernel{device_, uuid, info.name, ::xrt::kernel::cu_access_mode::shared};
      }
    }
  });
}

Status Card::load(int image) {
  if (image == loaded_) return {};
  TROIKA_TRY(clear_memory());
  units_.clear();
  const bool first = loaded_ < 0;
  loaded_ = -1;
  const Image& wanted = images_[static_cast<std::size_t>(image)];
  const Nanos begin = environment_.now();
  TROIKA_TRY(attempt(Code::kernel_failed, "loading " + wanted.path, name_,
                     [&] { device_.load_xclbin(wanted.file); }));
  if (Status made = make_units(wanted); !made.ok()) {
    units_.clear();
    return made;
  }
  loaded_ = image;
  // The card may have had the first one already.
  if (first) return {};
  Nanos& cost = load_costs_[static_cast<std::size_t>(image)];
  const Nanos took = environment_.now() - begin;
  cost = cost == Nanos{0} ? took
                          : (cost * (all_parts - newest_parts) + took * newest_parts) / all_parts;
  return {};
}

bool Card::make_room(int bank, const std::vector<std::shared_ptr<Body>>& staying) {
  for (auto body = placed_.begin(); body != placed_.end(); ++body) {
    if ((*body)->bank() != bank || (*body)->users != 0 ||
        std::find(staying.begin(), staying.end(), *body) != staying.end())
      continue;
    if (!(*body)->evict(name_).ok()) return false;
    placed_.erase(body);
    return true;
  }
  return false;
}

Status Card::place(const std::shared_ptr<Body>& body, int bank,
                   const std::vector<std::shared_ptr<Body>>& staying) {
  if (body->bank() == bank) return {};
  tidy();
  TROIKA_TRY(body->evict(name_));
  placed_.remove(body);
  for (;;) {
    Status placed = body->place(device_, bank, name_);
    if (placed.ok()) break;
    if (placed.code() != Code::out_of_memory || !make_room(bank, staying))
      return placed.within(
          "bank " +
          images_[static_cast<std::size_t>(loaded_)].banks[static_cast<std::size_t>(bank)].tag);
  }
  placed_.push_back(body);
  return {};
}

Result<std::unique_ptr<Launch>> Card::take_launch(Unit& unit, const std::shared_ptr<Waker>& waker) {
  std::unique_ptr<Launch> launch;
  if (!unit.idle.empty()) {
    launch = std::move(unit.idle.back());
    unit.idle.pop_back();
    return launch;
  }
  TROIKA_TRY(attempt(Code::kernel_failed, "making a run of " + unit.info->name, name_,
                     [&] { launch = std::make_unique<Launch>(unit.kernel, waker); }));
  return launch;
}

void Card::adopt(std::unique_ptr<Launch> launch, Unit& unit) {
  orphans_.push_back({std::move(launch), &unit});
}

void Card::tidy() {
  std::erase_if(orphans_, [this](Orphan& orphan) {
    if (!orphan.launch->has_ended()) return false;
    orphan.launch->settle();
    --orphan.unit->in_flight;
    orphan.unit->idle.push_back(std::move(orphan.launch));
    end_work();
    return true;
  });
  placed_.remove_if([](const auto& body) { return body.use_count() == 1; });
}

}  // namespace troika::xrt
