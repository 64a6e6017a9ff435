#include "backends/cuda/options.h"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <utility>

#include "runtime/device/choice.h"

namespace troika::cuda {
namespace {

constexpr const char* memory_variable = "TROIKA_CUDA_MEMORY";

constexpr std::pair<std::string_view, Sharing> ways[] = {
    {"auto", Sharing::automatic}, {"separate", Sharing::separate}, {"managed", Sharing::managed}};

}  // namespace

Result<Options> parse_options(std::string_view text) {
  Options options;
  if (const char* const value = secure_getenv(memory_variable); value && *value) {
    TROIKA_ASSIGN(options.memory, chosen(value, ways, std::string{"cuda: "} + memory_variable));
  }
  while (!text.empty()) {
    const std::string_view option = text.substr(0, text.find(','));
    text.remove_prefix(std::min(option.size() + 1, text.size()));
    if (!option.starts_with("memory="))
      return Status{Code::invalid_argument,
                    "cuda: no option is \"" + std::string{option} + "\"; there is memory=…"};
    TROIKA_ASSIGN(options.memory, chosen(option.substr(7), ways, "cuda: memory"));
  }
  return options;
}

}  // namespace troika::cuda
