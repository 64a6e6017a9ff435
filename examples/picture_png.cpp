#include <png.h>

#include "examples/picture_codecs.h"

namespace troika {
namespace {

// libpng's handle on a picture; freed however the call ends.
struct Handle {
  png_image image{};
  Handle() noexcept { image.version = PNG_IMAGE_VERSION; }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() { png_image_free(&image); }
};

}  // namespace

Result<Picture> decode_png(std::span<const unsigned char> file) {
  Handle png;
  if (png_image_begin_read_from_memory(&png.image, file.data(), file.size()) == 0)
    return Status{Code::invalid_argument, "libpng: " + std::string{png.image.message}};
  TROIKA_TRY(check_size(png.image.width, png.image.height));
  png.image.format = PNG_FORMAT_RGB;
  Picture picture(static_cast<int>(png.image.width), static_cast<int>(png.image.height), 3);
  const png_color black{};
  if (png_image_finish_read(&png.image, &black, picture.samples.data(),
                            static_cast<png_int_32>(picture.pitch()), nullptr) == 0)
    return Status{Code::invalid_argument, "libpng: " + std::string{png.image.message}};
  return picture;
}

Status write_png(const std::string& path, const Picture& picture) {
  Handle png;
  png.image.width = static_cast<png_uint_32>(picture.width);
  png.image.height = static_cast<png_uint_32>(picture.height);
  png.image.format = PNG_FORMAT_RGB;
  png.image.flags = PNG_IMAGE_FLAG_FAST;  // much quicker, a little larger
  if (png_image_write_to_file(&png.image, path.c_str(), 0, picture.samples.data(),
                              static_cast<png_int_32>(picture.pitch()), nullptr) == 0)
    return {Code::unavailable, "writing " + path + ": libpng: " + png.image.message};
  return {};
}

}  // namespace troika
