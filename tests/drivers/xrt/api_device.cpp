// The driver's functions of cards, images and contexts, as xrt.h declares them.
#include <algorithm>
#include <cerrno>
#include <string>

#include <xrt.h>

#include "tests/drivers/xrt/card.h"
#include "tests/drivers/xrt/internals.h"
#include "tests/drivers/xrt/options.h"

using xrt_model::Card;
using xrt_model::card_of;

extern "C" {

unsigned xclProbe() { return xrt_model::options().devices; }

// 2: with buffer objects.
unsigned xclVersion() { return 2; }

xclDeviceHandle xclOpen(unsigned index, const char*, xclVerbosityLevel) {
  if (index == 0) xrt_model::read_options();
  if (index >= xrt_model::options().devices) return nullptr;
  auto* const card = new Card{index};
  card->keep(xrt_model::make_vendor_device(card, index));
  return card;
}

void xclClose(xclDeviceHandle handle) { delete &card_of(handle); }

int xclGetDeviceInfo2(xclDeviceHandle handle, xclDeviceInfo2* info) {
  *info = {};
  info->mMagic = 0x586C0C6C;
  const std::string name = "troika_model_" + std::to_string(card_of(handle).index());
  std::copy_n(name.c_str(), name.size() + 1, info->mName);
  info->mHALMajorVersion = 2;
  info->mMinTransferSize = 32;
  info->mDataAlignment = 4096;
  return 0;
}

int xclLoadXclBin(xclDeviceHandle handle, const axlf* file) {
  Card& card = card_of(handle);
  const int error = card.load(*file);
  if (error == 0) xrt_model::tell_of_image(card.vendor_device(), file);
  return error;
}

int xclOpenContext(xclDeviceHandle handle, const unsigned char* uuid, unsigned, bool) {
  return card_of(handle).open_context(uuid);
}

int xclCloseContext(xclDeviceHandle handle, const unsigned char* uuid, unsigned) {
  return card_of(handle).close_context(uuid);
}

int xclExecBuf(xclDeviceHandle handle, xclBufferHandle packet) {
  const int error = card_of(handle).execute(packet);
  if (error == 0) return 0;
  errno = -error;
  return error;
}

int xclExecWait(xclDeviceHandle handle, int milliseconds) {
  return card_of(handle).wait(milliseconds);
}
}
