#include "tests/drivers/cuda/inventory.h"

#include "tests/drivers/cuda/driver.h"

namespace cuda_emulator {
namespace {

// Memory that the program allocated or registered and neither freed nor asked to.
std::size_t allocations_of(const Context& context) {
  std::set<const Allocation*> of_modules;
  for (const Module* const module : context.modules)
    of_modules.insert(module->variables.begin(), module->variables.end());
  std::size_t count = 0;
  driver().memory.each([&](const Allocation& allocation) {
    count += allocation.context == &context && !allocation.free_requested &&
             allocation.state != Allocation::State::freed && !of_modules.contains(&allocation);
  });
  return count;
}

}  // namespace

void note_left(const Context& context) {
  std::string text;
  const auto add = [&text](std::size_t count, const char* what) {
    if (count != 0) text += " " + std::to_string(count) + " " + what;
  };
  add(context.streams.size(), "streams");
  add(context.events.size(), "events");
  add(context.modules.size(), "modules");
  add(allocations_of(context), "allocations");
  if (!text.empty())
    driver().left_behind.push_back("a context of device " +
                                   std::to_string(context.device->ordinal) + " ended with" + text);
}

}  // namespace cuda_emulator

using namespace cuda_emulator;

const char* cuda_emulator_left() {
  static std::string text;
  const std::lock_guard lock(driver().mutex);
  text.clear();
  for (const std::string& left : driver().left_behind) text += left + "\n";
  for (const auto& device : driver().devices)
    if (device->contexts != 0)
      text += std::to_string(device->contexts) + " contexts of device " +
              std::to_string(device->ordinal) + "\n";
  return text.c_str();
}
