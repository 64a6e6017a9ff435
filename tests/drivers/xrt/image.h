// What a card learns from an xclbin.
#pragma once

#include <array>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include <xclbin.h>

#include "tests/drivers/xrt/model.h"

namespace xrt_model {

struct Bank {
  std::string tag;
  std::uint64_t base = 0, bytes = 0;
  bool host = false;  // pages of the host's, over its bridge

  friend bool operator==(const Bank&, const Bank&) = default;
};

struct UnitImage {
  std::string name;                           // "vadd:vadd_1"
  Model* model = nullptr;                     // null when no library has one
  std::set<std::pair<unsigned, int>> wiring;  // argument and bank
};

struct Image {
  std::array<unsigned char, 16> uuid{};
  std::vector<Bank> banks;
  std::vector<UnitImage> units;  // by address, as masks of units count them
};

// Opens the library of models that the bitstream's section names; it is never closed. 0, or what
// the driver would answer.
int read_image(const axlf& file, Image& image);

}  // namespace xrt_model
