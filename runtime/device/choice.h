// One of a few values that an option of a backend names.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "runtime/base/result.h"

namespace troika {

// `option` as messages name it: "opencl: memory". Code::invalid_argument lists what is known.
template <class T, std::size_t count>
Result<T> chosen(std::string_view value, const std::pair<std::string_view, T> (&known)[count],
                 const std::string& option) {
  std::string names;
  for (const auto& [name, meant] : known) {
    if (value == name) return meant;
    names += (names.empty() ? "" : ", ") + std::string{name};
  }
  return Status{Code::invalid_argument,
                option + "=" + std::string{value} + ": it is one of " + names};
}

}  // namespace troika
