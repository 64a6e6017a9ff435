// The backends that are part of this build instead of plug-ins.
#pragma once

#include <span>

#include "runtime/device/device.h"

namespace troika {

// Those that TROIKA_LINKED_BACKENDS names; defined by troika_link_backends() of cmake/Troika.cmake.
std::span<const Backend> linked_backends() noexcept;

}  // namespace troika
