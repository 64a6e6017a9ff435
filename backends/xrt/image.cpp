#include "backends/xrt/image.h"

#include <algorithm>
#include <iterator>
#include <map>

#include "backends/xrt/call.h"

namespace troika::xrt {
namespace {

std::vector<Bank> banks_of(const ::xrt::xclbin& file) {
  std::vector<Bank> banks;
  for (const auto& memory : file.get_mems()) {
    const int index = memory.get_index();
    if (index < 0 || !memory.get_used()) continue;
    banks.resize(std::max(banks.size(), static_cast<std::size_t>(index) + 1));
    banks[static_cast<std::size_t>(index)] = {
        memory.get_tag(), memory.get_base_address(),
        static_cast<std::size_t>(memory.get_size_kb()) * 1024,
        memory.get_type() == ::xrt::xclbin::mem::memory_type::host};
  }
  return banks;
}

UnitInfo unit_of(const std::string& kernel, const ::xrt::xclbin::ip& unit) {
  const std::string name = unit.get_name();
  UnitInfo info;
  info.name = kernel + ":{" + name.substr(name.find(':') + 1) + "}";
  info.ends_in_order = unit.get_control_type() == ::xrt::xclbin::ip::control_type::hs;
  for (const auto& argument : unit.get_args()) {
    auto& banks = info.banks.emplace_back();
    for (const auto& memory : argument.get_mems()) banks.push_back(memory.get_index());
    std::sort(banks.begin(), banks.end());
  }
  return info;
}

KernelInfo kernel_of(const ::xrt::xclbin::kernel& kernel) {
  KernelInfo info;
  info.name = kernel.get_name();
  for (const auto& argument : kernel.get_args()) info.argument_bytes.push_back(argument.get_size());
  for (const auto& unit : kernel.get_cus()) info.units.push_back(unit_of(info.name, unit));
  return info;
}

int usual_bank_of(const Image& image) {
  std::map<int, std::size_t> reached;
  for (const KernelInfo& kernel : image.kernels)
    for (const UnitInfo& unit : kernel.units)
      for (const auto& banks : unit.banks)
        for (const int bank : banks) ++reached[bank];
  const auto most =
      std::max_element(reached.begin(), reached.end(),
                       [](const auto& a, const auto& b) { return a.second < b.second; });
  return most == reached.end() ? -1 : most->first;
}

}  // namespace

int Image::find(const std::string& kernel) const noexcept {
  for (std::size_t i = 0; i < kernels.size(); ++i)
    if (kernels[i].name == kernel && !kernels[i].units.empty()) return static_cast<int>(i);
  return -1;
}

std::size_t Image::units() const noexcept {
  std::size_t count = 0;
  for (const KernelInfo& kernel : kernels) count += kernel.units.size();
  return count;
}

std::size_t Image::card_bytes() const {
  std::vector<Bank> own;
  std::copy_if(banks.begin(), banks.end(), std::back_inserter(own),
               [](const Bank& bank) { return !bank.host; });
  std::sort(own.begin(), own.end(), [](const Bank& a, const Bank& b) { return a.base < b.base; });
  std::size_t bytes = 0;
  std::uint64_t end = 0;
  for (const Bank& bank : own) {
    const std::uint64_t from = std::max(bank.base, end), to = bank.base + bank.bytes;
    if (to <= from) continue;
    bytes += to - from;
    end = to;
  }
  return bytes;
}

int Image::host_bank() const noexcept {
  const auto host =
      std::find_if(banks.begin(), banks.end(), [](const Bank& bank) { return bank.host; });
  return host == banks.end() ? -1 : static_cast<int>(host - banks.begin());
}

bool Image::is_wired_to_host() const noexcept {
  const int host = host_bank();
  for (const KernelInfo& kernel : kernels)
    for (const UnitInfo& unit : kernel.units)
      for (const auto& reached : unit.banks)
        if (!reached.empty() && std::find(reached.begin(), reached.end(), host) == reached.end())
          return false;
  return host >= 0;
}

std::string Image::names_of(const std::vector<int>& of) const {
  std::string names;
  for (const int bank : of)
    names += (names.empty() ? "" : " and ") + banks[static_cast<std::size_t>(bank)].tag;
  return names;
}

Result<Image> read_image(const std::string& path) {
  Image image;
  image.path = path;
  TROIKA_TRY(attempt(Code::unavailable, "reading an image", path, [&] {
    image.file = ::xrt::xclbin{path};
    image.banks = banks_of(image.file);
    for (const auto& kernel : image.file.get_kernels()) image.kernels.push_back(kernel_of(kernel));
  }));
  if (image.units() == 0) return Status{Code::unavailable, path + " has no kernel"};
  image.usual_bank = usual_bank_of(image);
  return image;
}

}  // namespace troika::xrt
