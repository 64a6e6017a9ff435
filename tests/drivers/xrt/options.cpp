#include "tests/drivers/xrt/options.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>
#include <sstream>
#include <string_view>

namespace xrt_model {
namespace {

constexpr std::array known_faults{"error", "hang", "lost", "no_memory", "no_load", "short_dma"};

[[noreturn]] void give_up(const char* variable, const std::string& value) {
  std::fprintf(stderr, "XRT device model: %s says %s, which is nothing known\n", variable,
               value.c_str());
  std::abort();
}

std::uint64_t number(const char* variable, std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size())
    give_up(variable, std::string{text});
  return value;
}

Options read() {
  Options read;
  if (const char* const devices = std::getenv("EMULATED_XRT_DEVICES"))
    read.devices = static_cast<unsigned>(number("EMULATED_XRT_DEVICES", devices));
  if (const char* const rate = std::getenv("EMULATED_XRT_DMA"))
    read.dma_bytes_per_second = number("EMULATED_XRT_DMA", rate);
  const char* const faults = std::getenv("EMULATED_XRT_FAULTS");
  std::istringstream list{faults ? faults : ""};
  for (std::string item; std::getline(list, item, ',');) {
    const std::size_t at = std::min(item.find('@'), item.size());
    FaultOption fault{item.substr(0, at), 0};
    if (at != item.size())
      fault.at = number("EMULATED_XRT_FAULTS", std::string_view{item}.substr(at + 1));
    if (std::find(known_faults.begin(), known_faults.end(), fault.name) == known_faults.end())
      give_up("EMULATED_XRT_FAULTS", item);
    read.faults.push_back(std::move(fault));
  }
  return read;
}

struct Machine {
  std::mutex mutex;  // protects the others
  Options options = read();
  std::map<std::string, std::uint64_t> events;
};

Machine& machine() {
  static Machine one;
  return one;
}

}  // namespace

Options options() {
  const std::scoped_lock lock{machine().mutex};
  return machine().options;
}

void read_options() {
  const std::scoped_lock lock{machine().mutex};
  machine().options = read();
  machine().events.clear();
}

bool strikes(const std::string& name) {
  const std::scoped_lock lock{machine().mutex};
  const std::uint64_t event = ++machine().events[name];
  const auto& faults = machine().options.faults;
  return std::any_of(faults.begin(), faults.end(), [&](const FaultOption& fault) {
    return fault.name == name && (fault.at == 0 || fault.at == event);
  });
}

}  // namespace xrt_model
