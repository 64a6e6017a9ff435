// Pictures in files: PNG and JPEG in, PNG out.
#pragma once

#include <cstdint>
#include <string>

#include "kernels/image.h"
#include "runtime/base/result.h"

namespace troika {

using Picture = kernels::Rgb8;

// A file that says it holds more is refused before memory is taken for it.
inline constexpr std::int64_t picture_file_bytes_max = 256 << 20;
inline constexpr int picture_side_max = 65'535;
inline constexpr std::int64_t picture_pixels_max = 128 << 20;

// PNG or JPEG, whatever the name ends in; grey becomes RGB, what is transparent black. Every error
// names the file: Code::not_found when it cannot be opened, out_of_range for a size beyond a bound
// above, unsupported for other formats, invalid_argument for a file that is cut off or broken.
Result<Picture> read_picture(const std::string& path);

// Code::unavailable when the file cannot be written.
Status write_png(const std::string& path, const Picture& picture);

}  // namespace troika
