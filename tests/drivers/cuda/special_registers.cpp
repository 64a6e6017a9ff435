#include "tests/drivers/cuda/special_registers.h"

#include <array>
#include <utility>

namespace cuda_emulator {

std::optional<SpecialRegister> special_named(std::string_view name) {
  static constexpr std::array<std::pair<std::string_view, Special>, 28> all{
      {{"%tid.x", Special::tid_x},
       {"%tid.y", Special::tid_y},
       {"%tid.z", Special::tid_z},
       {"%ntid.x", Special::ntid_x},
       {"%ntid.y", Special::ntid_y},
       {"%ntid.z", Special::ntid_z},
       {"%ctaid.x", Special::ctaid_x},
       {"%ctaid.y", Special::ctaid_y},
       {"%ctaid.z", Special::ctaid_z},
       {"%nctaid.x", Special::nctaid_x},
       {"%nctaid.y", Special::nctaid_y},
       {"%nctaid.z", Special::nctaid_z},
       {"%laneid", Special::laneid},
       {"%warpid", Special::warpid},
       {"%nwarpid", Special::nwarpid},
       {"%smid", Special::smid},
       {"%nsmid", Special::nsmid},
       {"%lanemask_eq", Special::lanemask_eq},
       {"%lanemask_lt", Special::lanemask_lt},
       {"%lanemask_le", Special::lanemask_le},
       {"%lanemask_gt", Special::lanemask_gt},
       {"%lanemask_ge", Special::lanemask_ge},
       {"%dynamic_smem_size", Special::dynamic_smem_size},
       {"%total_smem_size", Special::total_smem_size},
       {"%gridid", Special::gridid},
       {"%clock", Special::clock},
       {"%clock64", Special::clock64},
       {"%globaltimer", Special::globaltimer}}};
  for (const auto& [text, which] : all) {
    if (text != name) continue;
    const bool wide =
        which == Special::gridid || which == Special::clock64 || which == Special::globaltimer;
    return SpecialRegister{which, static_cast<std::uint8_t>(wide ? 8 : 4)};
  }
  return std::nullopt;
}

}  // namespace cuda_emulator
