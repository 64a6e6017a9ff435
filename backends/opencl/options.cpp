#include "backends/opencl/options.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <string>
#include <utility>

#include "runtime/device/choice.h"

namespace troika::opencl {
namespace {

constexpr const char* memory_variable = "TROIKA_OPENCL_MEMORY";

constexpr std::pair<std::string_view, Sharing> ways[] = {{"host_pointer", Sharing::host_pointer},
                                                         {"svm", Sharing::svm},
                                                         {"separate", Sharing::separate}};

Result<unsigned> count(std::string_view value, std::string_view named) {
  unsigned number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error == std::errc{} && end == value.data() + value.size() && number != 0) return number;
  return Status{Code::invalid_argument, "opencl: " + std::string{named} + "=" + std::string{value} +
                                            ": it is a count of at least 1"};
}

}  // namespace

Result<Options> parse_options(std::string_view text) {
  Options options;
  if (const char* const value = secure_getenv(memory_variable); value && *value) {
    TROIKA_ASSIGN(options.memory, chosen(value, ways, std::string{"opencl: "} + memory_variable));
  }
  while (!text.empty()) {
    const std::string_view option = text.substr(0, text.find(','));
    text.remove_prefix(std::min(option.size() + 1, text.size()));
    const std::string_view key = option.substr(0, option.find('='));
    const std::string_view value = option.substr(std::min(key.size() + 1, option.size()));
    if (key == "memory" && !value.empty()) {
      TROIKA_ASSIGN(options.memory, chosen(value, ways, "opencl: memory"));
    } else if (key == "cores" && !value.empty()) {
      TROIKA_ASSIGN(options.cores, count(value, key));
    } else {
      return Status{Code::invalid_argument, "opencl: no option is \"" + std::string{option} +
                                                "\"; there are memory=… and cores=…"};
    }
  }
  return options;
}

}  // namespace troika::opencl
