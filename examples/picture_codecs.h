// The decoders behind read_picture; their errors do not name the file yet.
#pragma once

#include <cstddef>
#include <span>

#include "examples/picture.h"

namespace troika {

Result<Picture> decode_png(std::span<const unsigned char> file);
Result<Picture> decode_jpeg(std::span<const unsigned char> file);

// Code::out_of_range for a picture beyond the bounds of picture.h.
Status check_size(std::int64_t width, std::int64_t height);

}  // namespace troika
