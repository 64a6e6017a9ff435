#include "backends/opencl/options.h"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <utility>

namespace troika::opencl {
namespace {

constexpr const char* memory_variable = "TROIKA_OPENCL_MEMORY";

constexpr std::pair<std::string_view, Sharing> ways[] = {{"host_pointer", Sharing::host_pointer},
                                                         {"svm", Sharing::svm},
                                                         {"separate", Sharing::separate}};

Result<Sharing> sharing(std::string_view value, std::string_view named) {
  std::string known;
  for (const auto& [name, way] : ways) {
    if (value == name) return way;
    known += (known.empty() ? "" : ", ") + std::string{name};
  }
  return Status{Code::invalid_argument, "opencl: " + std::string{named} + "=" + std::string{value} +
                                            ": it is one of " + known};
}

}  // namespace

Result<Options> parse_options(std::string_view text) {
  Options options;
  if (const char* const value = secure_getenv(memory_variable); value && *value) {
    TROIKA_ASSIGN(options.memory, sharing(value, memory_variable));
  }
  while (!text.empty()) {
    const std::string_view option = text.substr(0, text.find(','));
    text.remove_prefix(std::min(option.size() + 1, text.size()));
    const std::string_view key = option.substr(0, option.find('='));
    if (key != "memory" || key.size() == option.size())
      return Status{Code::invalid_argument,
                    "opencl: no option is \"" + std::string{option} + "\"; there is memory=…"};
    TROIKA_ASSIGN(options.memory, sharing(option.substr(key.size() + 1), key));
  }
  return options;
}

}  // namespace troika::opencl
