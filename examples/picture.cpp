#include "examples/picture.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "examples/picture_codecs.h"

namespace troika {
namespace {

struct Close {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

Result<std::vector<unsigned char>> read_file(const std::string& path) {
  const std::unique_ptr<std::FILE, Close> file{std::fopen(path.c_str(), "rb")};
  if (!file) return Status{Code::not_found, std::strerror(errno)};
  std::vector<unsigned char> bytes;
  std::array<unsigned char, 65'536> block;
  for (;;) {
    const std::size_t got = std::fread(block.data(), 1, block.size(), file.get());
    bytes.insert(bytes.end(), block.begin(), block.begin() + static_cast<std::ptrdiff_t>(got));
    if (std::ssize(bytes) > picture_file_bytes_max)
      return Status{Code::out_of_range, "larger than " +
                                            std::to_string(picture_file_bytes_max >> 20) +
                                            " MiB (picture_file_bytes_max)"};
    if (std::ferror(file.get())) return Status{Code::not_found, std::strerror(errno)};
    if (got < block.size()) return bytes;
  }
}

bool begins_with(std::span<const unsigned char> bytes, std::span<const unsigned char> magic) {
  return bytes.size() >= magic.size() && std::equal(magic.begin(), magic.end(), bytes.begin());
}

Result<Picture> decode(const std::string& path) {
  TROIKA_ASSIGN(const std::vector<unsigned char> file, read_file(path));
  constexpr std::array<unsigned char, 8> png{0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
  constexpr std::array<unsigned char, 3> jpeg{0xff, 0xd8, 0xff};
  if (file.empty()) return Status{Code::invalid_argument, "the file is empty"};
  if (begins_with(file, png)) return decode_png(file);
  if (begins_with(file, jpeg)) return decode_jpeg(file);
  return Status{Code::unsupported, "neither a PNG nor a JPEG file"};
}

}  // namespace

Status check_size(std::int64_t width, std::int64_t height) {
  const std::string size = std::to_string(width) + " x " + std::to_string(height) + " pixels";
  if (width < 1 || height < 1) return {Code::invalid_argument, size};
  if (width > picture_side_max || height > picture_side_max)
    return {Code::out_of_range,
            size + ": a side beyond " + std::to_string(picture_side_max) + " (picture_side_max)"};
  if (width * height > picture_pixels_max)
    return {Code::out_of_range,
            size + ": more than " + std::to_string(picture_pixels_max) + " (picture_pixels_max)"};
  return {};
}

Result<Picture> read_picture(const std::string& path) {
  Result<Picture> picture = decode(path);
  if (!picture.ok()) return picture.status().within("reading " + path);
  return picture;
}

}  // namespace troika
