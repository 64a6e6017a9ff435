// What a task asks for beyond its kernel and arguments.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/ids.h"
#include "runtime/base/time.h"

namespace troika {

enum class Priority : std::uint8_t { low, normal, high };
inline constexpr std::size_t priority_classes = 3;
std::string_view name_of(Priority priority) noexcept;

struct TaskOptions {
  Priority priority = Priority::normal;
  Nanos deadline = forever;   // after the run was submitted
  Nanos timeout = forever;    // counted from the moment the task's waits are reached
  std::uint32_t retries = 1;  // other devices or attempts after a failure that allows one
  TenantId tenant{0};
  std::vector<std::string> only;  // device names; empty: any
  std::vector<std::string> never;
  std::optional<bool> idempotent;  // default: the operation's
  std::string label;               // shown in errors and traces beside the kernel's name
};

}  // namespace troika
