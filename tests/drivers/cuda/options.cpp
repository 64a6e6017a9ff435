#include "tests/drivers/cuda/options.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <utility>

#include <cuda.h>

namespace cuda_emulator {
namespace {

[[noreturn]] void refuse(const char* variable, const std::string& value) {
  std::fprintf(stderr, "emulated CUDA: %s='%s' says nothing that is known\n", variable,
               value.c_str());
  std::exit(2);
}

std::string text_of(const char* variable) {
  const char* const value = std::getenv(variable);
  return value != nullptr ? value : "";
}

std::uint64_t number_of(const char* variable, std::uint64_t otherwise) {
  const std::string text = text_of(variable);
  if (text.empty()) return otherwise;
  if (text.find_first_not_of("0123456789") != std::string::npos) refuse(variable, text);
  return std::strtoull(text.c_str(), nullptr, 10);
}

template <class T>
T choice_of(const char* variable, T otherwise,
            std::initializer_list<std::pair<std::string_view, T>> choices) {
  const std::string text = text_of(variable);
  if (text.empty()) return otherwise;
  for (const auto& [name, value] : choices) {
    if (name == text) return value;
  }
  refuse(variable, text);
}

// "a,b,c", one call each.
template <class F>
void each_of(const char* variable, F&& f) {
  const std::string text = text_of(variable);
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    f(text.substr(begin, end - begin));
    begin = end + 1;
  }
}

int attribute_named(const std::string& name) {
  static constexpr std::array<std::pair<std::string_view, CUdevice_attribute>, 8> known{
      {{"PAGEABLE_MEMORY_ACCESS", CU_DEVICE_ATTRIBUTE_PAGEABLE_MEMORY_ACCESS},
       {"PAGEABLE_MEMORY_ACCESS_USES_HOST_PAGE_TABLES",
        CU_DEVICE_ATTRIBUTE_PAGEABLE_MEMORY_ACCESS_USES_HOST_PAGE_TABLES},
       {"INTEGRATED", CU_DEVICE_ATTRIBUTE_INTEGRATED},
       {"CONCURRENT_MANAGED_ACCESS", CU_DEVICE_ATTRIBUTE_CONCURRENT_MANAGED_ACCESS},
       {"MANAGED_MEMORY", CU_DEVICE_ATTRIBUTE_MANAGED_MEMORY},
       {"MEMORY_POOLS_SUPPORTED", CU_DEVICE_ATTRIBUTE_MEMORY_POOLS_SUPPORTED},
       {"CAN_USE_HOST_POINTER_FOR_REGISTERED_MEM",
        CU_DEVICE_ATTRIBUTE_CAN_USE_HOST_POINTER_FOR_REGISTERED_MEM},
       {"COOPERATIVE_LAUNCH", CU_DEVICE_ATTRIBUTE_COOPERATIVE_LAUNCH}}};
  for (const auto& [text, value] : known) {
    if (text == name) return value;
  }
  refuse("EMULATED_CUDA_ATTRIBUTES", name);
}

FaultOption fault_of(const std::string& text) {
  FaultOption made;
  const std::size_t colon = text.find(':');
  made.name = text.substr(0, colon);
  const std::string rest = colon == std::string::npos ? "" : text.substr(colon + 1);
  bool known = false;
  for (const char* const name : {"out_of_memory", "launch_failed", "illegal_address", "device_lost",
                                 "slow_copy", "missing_symbol"}) {
    known = known || made.name == name;
  }
  if (!known) refuse("EMULATED_CUDA_FAULTS", text);
  if (made.name == "missing_symbol") made.argument = rest;
  else made.at = std::strtoull(rest.c_str(), nullptr, 10);
  if (const std::size_t on = rest.find('@'); on != std::string::npos)
    made.device = std::atoi(rest.c_str() + on + 1);
  return made;
}

Options read() {
  Options made;
  made.scheduler = choice_of(
      "EMULATED_CUDA_SCHEDULER", Scheduler::fifo,
      {{"fifo", Scheduler::fifo}, {"random", Scheduler::random}, {"lazy", Scheduler::lazy}});
  made.races = choice_of("EMULATED_CUDA_RACES", Races::fail,
                         {{"fail", Races::fail}, {"report", Races::report}, {"off", Races::off}});
  made.seed = number_of("EMULATED_CUDA_SEED", 1);
  made.devices = static_cast<int>(number_of("EMULATED_CUDA_DEVICES", 2));
  made.memory_bytes = number_of("EMULATED_CUDA_MEMORY_MIB", 1024) << 20;
  made.driver_version = static_cast<int>(number_of("EMULATED_CUDA_DRIVER_VERSION", CUDA_VERSION));
  made.capability = static_cast<int>(number_of("EMULATED_CUDA_CAPABILITY", 80));
  made.registered_offset = number_of("EMULATED_CUDA_REGISTERED_OFFSET", 0) != 0;
  made.watchdog = number_of("EMULATED_CUDA_WATCHDOG", 0);
  made.calls_file = text_of("EMULATED_CUDA_CALLS");
  each_of("EMULATED_CUDA_ATTRIBUTES", [&](const std::string& text) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos) refuse("EMULATED_CUDA_ATTRIBUTES", text);
    made.attributes[attribute_named(text.substr(0, equals))] = std::atoi(text.c_str() + equals + 1);
  });
  each_of("EMULATED_CUDA_FAULTS",
          [&](const std::string& text) { made.faults.push_back(fault_of(text)); });
  if (made.devices > 16) refuse("EMULATED_CUDA_DEVICES", text_of("EMULATED_CUDA_DEVICES"));
  return made;
}

}  // namespace

const Options& options() {
  static const Options* const all =
      new Options(read());  // never destroyed: threads read it to the end
  return *all;
}

}  // namespace cuda_emulator
