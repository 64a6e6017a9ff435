// Writes images of a card, xclbin files, without the vendor's tools: what they hold is told here
// instead of synthesised. The vendor's runtime reads them as it reads any other.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <xclbin.h>

namespace xrt_model {

struct BankSpec {
  std::string tag;  // "DDR[0]", at most 15 bytes
  MEM_TYPE type = MEM_DDR4;
  std::uint64_t base = 0, bytes = 0;  // a multiple of 1024
};

struct ArgumentSpec {
  std::string name, type;  // "x", "int*"
  unsigned bytes = 8;      // in the register map; 8 of a pointer
  bool pointer = false;
  std::uint32_t offset = 0;  // in the register map; 0: 16 times its index, plus 16
};

struct UnitSpec {
  std::string name;  // "vadd_1"
  // Of each argument, the banks that it is wired to; one that is missing or empty: to none.
  std::vector<std::vector<int>> banks;
};

struct KernelSpec {
  std::string name;
  std::vector<ArgumentSpec> arguments;
  std::vector<UnitSpec> units;
  IP_CONTROL control = AP_CTRL_HS;
};

struct ImageSpec {
  std::vector<BankSpec> banks;
  std::vector<KernelSpec> kernels;
  unsigned megahertz = 300;
  std::string bits;  // of the circuit; for the device model, the path of a library of models
};

// The file's bytes; its uuid is made of what it holds, so equal images are one.
std::string write_xclbin(const ImageSpec& image);

}  // namespace xrt_model
