#include <csetjmp>
#include <cstdio>

#include <jerror.h>
#include <jpeglib.h>

#include "examples/picture_codecs.h"

namespace troika {
namespace {

// libjpeg reports through function pointers and must not return from a failure: it jumps back.
struct Errors {
  jpeg_error_mgr manager;  // first: libjpeg only knows this part
  std::jmp_buf back;
  char message[JMSG_LENGTH_MAX] = "";  // of the failure or the first damage; empty: none
};

void note(j_common_ptr jpeg) {
  auto& errors = *reinterpret_cast<Errors*>(jpeg->err);
  if (errors.message[0] == '\0') jpeg->err->format_message(jpeg, errors.message);
}

void fail(j_common_ptr jpeg) {
  note(jpeg);
  std::longjmp(reinterpret_cast<Errors*>(jpeg->err)->back, 1);
}

// Level -1 is damage that libjpeg papers over with grey. Stray bytes between segments are common
// and harmless.
void judge(j_common_ptr jpeg, int level) {
  if (level < 0 && jpeg->err->msg_code != JWRN_EXTRANEOUS_DATA) note(jpeg);
}

// Holds nothing with a destructor: failures jump out of it.
bool decode_rows(jpeg_decompress_struct& jpeg, Errors& errors, Picture& picture, Status& refused,
                 std::span<const unsigned char> file) {
  if (setjmp(errors.back) != 0) return false;
  jpeg_create_decompress(&jpeg);
  jpeg_mem_src(&jpeg, file.data(), file.size());
  jpeg_read_header(&jpeg, TRUE);
  refused = check_size(jpeg.image_width, jpeg.image_height);
  if (!refused.ok()) return false;
  jpeg.out_color_space = JCS_RGB;
  jpeg_start_decompress(&jpeg);
  picture = Picture(static_cast<int>(jpeg.output_width), static_cast<int>(jpeg.output_height), 3);
  while (jpeg.output_scanline < jpeg.output_height) {
    JSAMPROW row = picture.samples.data() + jpeg.output_scanline * picture.pitch();
    jpeg_read_scanlines(&jpeg, &row, 1);
  }
  jpeg_finish_decompress(&jpeg);
  return true;
}

}  // namespace

Result<Picture> decode_jpeg(std::span<const unsigned char> file) {
  jpeg_decompress_struct jpeg{};
  Errors errors;
  jpeg.err = jpeg_std_error(&errors.manager);
  errors.manager.error_exit = fail;
  errors.manager.emit_message = judge;
  Picture picture;
  Status refused;
  const bool complete = decode_rows(jpeg, errors, picture, refused, file);
  jpeg_destroy_decompress(&jpeg);
  if (!refused.ok()) return refused;
  if (!complete || errors.message[0] != '\0')
    return Status{Code::invalid_argument, std::string{"libjpeg: "} + errors.message};
  return picture;
}

}  // namespace troika
