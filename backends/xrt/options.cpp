#include "backends/xrt/options.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "runtime/device/choice.h"

namespace troika::xrt {
namespace {

constexpr const char* memory_variable = "TROIKA_XRT_MEMORY";
constexpr const char* images_variable = "TROIKA_XRT_IMAGES";

constexpr std::pair<std::string_view, Placing> ways[] = {
    {"auto", Placing::choose}, {"card", Placing::card}, {"host", Placing::host}};

// The text up to the next separator, which is taken off it too.
std::string_view take(std::string_view& text, char separator) {
  const std::string_view part = text.substr(0, text.find(separator));
  text.remove_prefix(std::min(part.size() + 1, text.size()));
  return part;
}

}  // namespace

Result<Options> parse_options(std::string_view text) {
  Options options;
  if (const char* const value = secure_getenv(memory_variable); value && *value) {
    TROIKA_ASSIGN(options.memory, chosen(value, ways, std::string{"xrt: "} + memory_variable));
  }
  while (!text.empty()) {
    const std::string_view option = take(text, ',');
    const std::string_view value = option.substr(std::min(option.find('=') + 1, option.size()));
    if (option.starts_with("image=") && !value.empty()) {
      options.images.emplace_back(value);
    } else if (option.starts_with("memory=")) {
      TROIKA_ASSIGN(options.memory, chosen(value, ways, "xrt: memory"));
    } else {
      return Status{Code::invalid_argument, "xrt: no option is \"" + std::string{option} +
                                                "\"; there are image=… and memory=…"};
    }
  }
  const char* const paths = secure_getenv(images_variable);
  if (!options.images.empty() || !paths) return options;
  for (std::string_view left = paths; !left.empty();)
    if (const std::string_view path = take(left, ':'); !path.empty())
      options.images.emplace_back(path);
  return options;
}

}  // namespace troika::xrt
