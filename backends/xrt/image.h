// What an xclbin says of its circuits: kernels, their compute units, and the banks of memory that
// these are wired to.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <experimental/xrt_xclbin.h>

#include "runtime/base/result.h"

namespace troika::xrt {

struct Bank {
  std::string tag;  // "DDR[0]"; empty: there is none of that number
  std::uint64_t base = 0;
  std::size_t bytes = 0;
  bool host = false;  // pages of the host's
};

struct UnitInfo {
  std::string name;    // "vadd:{vadd_1}", as the vendor wants it
  bool ends_in_order;  // a run ends before the next one begins
  // Of each argument the banks that it reaches; none of a scalar.
  std::vector<std::vector<int>> banks;
};

struct KernelInfo {
  std::string name;
  std::vector<std::size_t> argument_bytes;  // in the unit's registers
  std::vector<UnitInfo> units;
};

struct Image {
  std::string path;
  ::xrt::xclbin file;
  std::vector<Bank> banks;
  std::vector<KernelInfo> kernels;
  int usual_bank = -1;  // that most arguments reach: where bytes go that no launch has asked for

  // -1 when there is none.
  int find(const std::string& kernel) const noexcept;
  std::size_t units() const noexcept;
  // Of the card's own banks. Some are groups of others, with the same addresses.
  std::size_t card_bytes() const;
  // The bank whose pages are the host's; -1 when there is none.
  int host_bank() const noexcept;
  // Every argument that reaches memory reaches that.
  bool is_wired_to_host() const noexcept;
  // "DDR[0] and DDR[1]"
  std::string names_of(const std::vector<int>& banks) const;
};

// Code::unavailable when there is no such file, or it is no image.
Result<Image> read_image(const std::string& path);

}  // namespace troika::xrt
