#include <algorithm>
#include <cstdlib>
#include <mutex>
#include <utility>

#include "backends/xrt/call.h"
#include "backends/xrt/options.h"
#include "backends/xrt/xrt.h"
#include "runtime/base/signals.h"

namespace troika::xrt {
namespace {

// Cards that are looked for: the vendor's own count leaves out some that can be opened.
constexpr unsigned cards_max = 16;
// Compute queues of one device.
constexpr std::size_t lanes_max = 8;
// What ways to and from a card's memory seed predictions with; they are not measured. Of the order
// of a PCIe 3 card with 16 lanes.
constexpr double copy_bytes_per_second = 10e9;
constexpr Nanos copy_latency{30'000};
// Operations of one cycle and compute unit. The cost model learns the rest.
constexpr double flops_per_cycle = 16, cycles_per_second = 300e6;

class XrtDevice final : public DriverDevice {
 public:
  XrtDevice(DeviceInfo info, const std::shared_ptr<const Core>& core)
      : DriverDevice{std::move(info), std::make_unique<XrtMemory>(core)}, core_{core} {}

  Result<std::unique_ptr<LoadedKernel>> load(const KernelImage& image) override {
    return load_kernel(core_, image);
  }

 private:
  Result<std::unique_ptr<Stream>> open_stream(QueueUse use, std::shared_ptr<Waker> waker) override {
    return make_stream(core_, use, std::move(waker));
  }

  const std::shared_ptr<const Core> core_;
};

// Why no card is looked for at all; ok otherwise.
Status check_process() {
  const char* const root = std::getenv("XILINX_XRT");
  if (!root || !*root)
    return {Code::unavailable, "XILINX_XRT is not set: it names the folder that XRT is in"};
  // Stock emulators never come back from loading an image without the vendor's development kit.
  if (const char* const mode = std::getenv("XCL_EMULATION_MODE"); mode && *mode)
    return {Code::unavailable,
            "XCL_EMULATION_MODE is " + std::string{mode} + ": the vendor's emulators are not used"};
  return {};
}

// The vendor keeps what is open in maps without a lock.
Result<::xrt::device> open_card(unsigned index) {
  static std::mutex mutex;
  const std::scoped_lock lock{mutex};
  ::xrt::device device;
  TROIKA_TRY(attempt(Code::unavailable, "opening", "card " + std::to_string(index),
                     [&] { device = ::xrt::device{index}; }));
  return device;
}

std::string described(const ::xrt::device& device) {
  std::string name = "a card that has no name", at;
  // A shell need not know either.
  static_cast<void>(attempt(Code::unavailable, "", "", [&] {
    name = device.get_info<::xrt::info::device::name>();
    at = ", PCI " + device.get_info<::xrt::info::device::bdf>();
  }));
  return name + at;
}

DeviceInfo describe_device(const Core& core, const std::string& card) {
  const std::vector<Image>& images = core.card.images();
  std::size_t units = 0;
  for (const Image& image : images) units = std::max(units, image.units());
  DeviceInfo info;
  info.name = core.name;
  info.backend = "xrt";
  info.description = card + " (" + std::to_string(images.size()) +
                     (images.size() == 1 ? " image, " : " images, ") + std::to_string(units) +
                     " compute units)";
  info.kind = DeviceKind::fpga;
  info.dialects = {Dialect::xclbin};
  info.space = core.space;
  info.lanes = static_cast<unsigned>(std::min(units, lanes_max));
  info.memory_bytes = core.budget.bytes;
  info.flops_per_second = flops_per_cycle * cycles_per_second * static_cast<double>(units);
  if (core.space == host_space) {
    info.needs_hand_over = true;
    info.shares_allocations = true;
  } else {
    info.copy_queue = true;
    for (const auto& [from, to] : {std::pair{host_space, core.space}, {core.space, host_space}})
      info.links.push_back({from, to, copy_bytes_per_second, copy_latency});
  }
  return info;
}

Status place_on_host(Core& core) {
  const std::vector<Image>& images = core.card.images();
  if (images.size() != 1)
    return {Code::unsupported, "pages of the host's are kept for one image (memory=host)"};
  core.host_bank = images.front().host_bank();
  if (core.host_bank < 0)
    return {Code::unsupported, images.front().path + " is not wired to the host (memory=host)"};
  core.budget.bytes = images.front().banks[static_cast<std::size_t>(core.host_bank)].bytes;
  return {};
}

// With its first image loaded.
Result<std::shared_ptr<Core>> open_core(::xrt::device device, unsigned index,
                                        const Options& options, Environment& environment,
                                        SpaceId own_space) {
  std::vector<Image> images;
  for (const std::string& path : options.images) {
    TROIKA_ASSIGN(Image image, read_image(path));
    images.push_back(std::move(image));
  }
  if (images.empty())
    return Status{Code::unavailable, "no image is named: xrt.image=FILE, or TROIKA_XRT_IMAGES"};
  auto core = std::make_shared<Core>("xrt" + std::to_string(index), std::move(device),
                                     std::move(images), environment);
  core->budget.device = core->name;
  const bool all_on_host =
      core->card.images().size() == 1 && core->card.images().front().is_wired_to_host();
  if (options.memory == Placing::host || (options.memory == Placing::choose && all_on_host)) {
    TROIKA_TRY(place_on_host(*core));
  } else {
    core->space = own_space;
    for (const Image& image : core->card.images())
      core->budget.bytes = std::max(core->budget.bytes, image.card_bytes());
  }
  if (Status loaded = core->card.load(0); !loaded.ok())
    return Status{Code::unavailable, std::string{loaded.message()}};
  return core;
}

}  // namespace

Result<Opened> open_all(const BackendOptions& options) {
  if (!options.environment)
    return Status{Code::invalid_argument, "xrt: opened without an environment"};
  TROIKA_ASSIGN(const Options wanted, parse_options(options.text));
  TROIKA_TRY(check_process());
  const SignalsBlocked blocked;  // for the threads that the vendor starts below
  Opened opened;
  for (unsigned index = 0; index < cards_max; ++index) {
    auto device = open_card(index);
    if (!device.ok()) {
      if (index == 0) return device.status();
      break;
    }
    const std::string card = described(*device);
    const SpaceId space{options.first_space + static_cast<std::uint32_t>(opened.devices.size())};
    auto core = open_core(*std::move(device), index, wanted, *options.environment, space);
    if (!core.ok()) {
      opened.missing.push_back({"xrt: card " + std::to_string(index), core.status()});
      continue;
    }
    DeviceInfo info = describe_device(**core, card);
    opened.devices.push_back(std::make_unique<XrtDevice>(std::move(info), *std::move(core)));
  }
  return opened;
}

}  // namespace troika::xrt
