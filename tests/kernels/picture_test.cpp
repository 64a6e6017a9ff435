#include "examples/picture.h"

#include <fstream>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/temporary_folder.h"

namespace troika {
namespace {

using testing::HasSubstr;

class PictureFile : public testing::Test {
 protected:
  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  std::string file_with(const std::string& name, const std::string& bytes) const {
    std::ofstream{path(name), std::ios::binary} << bytes;
    return path(name);
  }
  static std::string bytes_of(const std::string& path) {
    std::ifstream file{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, {}};
  }
  // Reading fails with this code and a message that names the file and the cause.
  static void expect_refused(const std::string& path, Code code, const std::string& cause) {
    const Result<Picture> picture = read_picture(path);
    ASSERT_FALSE(picture.ok());
    EXPECT_EQ(picture.status().code(), code) << picture.status().to_string();
    EXPECT_THAT(std::string{picture.status().message()}, HasSubstr(path));
    EXPECT_THAT(std::string{picture.status().message()}, HasSubstr(cause));
  }

 private:
  TemporaryFolder folder_;
};

const std::string photograph = TROIKA_PICTURES "/hubble_deep_field.jpg";

TEST_F(PictureFile, the_photograph_is_read_whole) {
  const Result<Picture> picture = read_picture(photograph);
  ASSERT_TRUE(picture.ok()) << picture.status().to_string();
  EXPECT_EQ(picture->width, 1000);
  EXPECT_EQ(picture->height, 872);
  // The outskirts of the red galaxy at the upper left.
  EXPECT_GT(picture->at(280, 110, 0), picture->at(280, 110, 2) + 50);
}

TEST_F(PictureFile, a_written_png_reads_back_to_the_bit) {
  Picture picture(37, 11, 3);
  std::mt19937 random{5};
  for (std::uint8_t& sample : picture.samples) sample = static_cast<std::uint8_t>(random());
  ASSERT_TRUE(write_png(path("a.png"), picture).ok());
  const Result<Picture> back = read_picture(path("a.png"));
  ASSERT_TRUE(back.ok()) << back.status().to_string();
  EXPECT_EQ(back->width, 37);
  EXPECT_EQ(back->height, 11);
  EXPECT_EQ(back->samples, picture.samples);
}

TEST_F(PictureFile, a_missing_file_is_named) {
  expect_refused(path("none.png"), Code::not_found, "No such file");
}

TEST_F(PictureFile, a_folder_is_not_a_picture) {
  expect_refused(path(""), Code::not_found, "Is a directory");
}

TEST_F(PictureFile, an_empty_file_and_another_format_are_refused) {
  expect_refused(file_with("empty.png", ""), Code::invalid_argument, "empty");
  expect_refused(file_with("text.jpg", "GIF89a"), Code::unsupported, "neither a PNG nor a JPEG");
}

TEST_F(PictureFile, a_jpeg_cut_off_anywhere_is_refused) {
  const std::string whole = bytes_of(photograph);
  for (const std::size_t length :
       {std::size_t{3}, std::size_t{20}, std::size_t{700}, whole.size() / 2, whole.size() - 2'000})
    expect_refused(file_with("cut.jpg", whole.substr(0, length)), Code::invalid_argument,
                   "libjpeg: ");
}

TEST_F(PictureFile, a_png_cut_off_anywhere_is_refused) {
  Picture picture(64, 64, 3);
  std::mt19937 random{5};
  for (std::uint8_t& sample : picture.samples) sample = static_cast<std::uint8_t>(random());
  ASSERT_TRUE(write_png(path("whole.png"), picture).ok());
  const std::string whole = bytes_of(path("whole.png"));
  for (const std::size_t length : {std::size_t{8}, std::size_t{30}, whole.size() / 2})
    expect_refused(file_with("cut.png", whole.substr(0, length)), Code::invalid_argument,
                   "libpng: ");
}

TEST_F(PictureFile, a_jpeg_that_claims_to_be_huge_is_refused_before_memory_is_taken) {
  // Height and width follow the frame header's marker, length and precision.
  std::string bytes = bytes_of(photograph);
  const std::size_t frame = bytes.find(std::string{"\xff\xc0\x00\x11\x08", 5});
  ASSERT_NE(frame, std::string::npos);
  bytes.replace(frame + 5, 4, "\xff\xdc\xff\xdc");  // 65,500: the most libjpeg itself takes
  expect_refused(file_with("huge.jpg", bytes), Code::out_of_range, "picture_pixels_max");
}

TEST_F(PictureFile, a_png_that_claims_to_be_huge_is_refused_before_memory_is_taken) {
  // A header of 100,000 x 1 pixels, 8-bit RGB, and its checksum.
  const std::string header{"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\1\x86\xa0\0\0\0\1\x08\2\0\0\0", 29};
  std::uint32_t crc = ~0u;
  for (const char c : header.substr(12)) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (0xedb88320u & (0u - (crc & 1u)));
  }
  crc = ~crc;
  std::string bytes = header;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(crc >> shift & 0xff);
  bytes += std::string{"\0\0\0\0IDAT", 8};
  expect_refused(file_with("huge.png", bytes), Code::out_of_range, "picture_side_max");
}

TEST_F(PictureFile, a_png_that_cannot_be_written_is_named) {
  const Status status = write_png(path("no/such/folder.png"), Picture(1, 1, 3));
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.code(), Code::unavailable);
  EXPECT_THAT(std::string{status.message()}, HasSubstr("no/such/folder.png"));
  EXPECT_THAT(std::string{status.message()}, HasSubstr("No such file"));
}

}  // namespace
}  // namespace troika
