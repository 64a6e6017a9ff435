// What this backend can be told when it is opened.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"

namespace troika::xrt {

// Where compute units find their buffers.
enum class Placing : std::uint8_t {
  choose,  // as the images are wired: on the host where all of the only one is, else on the card
  card,    // in the card's memory, and copies
  host     // in pages of the host's, over the card's bridge: every argument must be wired to it
};

struct Options {
  Placing memory = Placing::choose;
  std::vector<std::string> images;  // paths of xclbin files
};

// A comma-separated list of "image=<path>", as often as there are images, and "memory=auto", the
// default, "memory=card" or "memory=host". What it does not say of either is left to the
// environment: TROIKA_XRT_IMAGES, paths with colons between them, and TROIKA_XRT_MEMORY; both are
// ignored in a set-user-id program. Code::invalid_argument names what is none of these.
Result<Options> parse_options(std::string_view text);

}  // namespace troika::xrt
