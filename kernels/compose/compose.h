// Gives the picture its new brightness and keeps its colours: scales R, G and B of every pixel by
// new luma / old luma.
#pragma once

#include <string>

#include "kernels/image.h"
#include "kernels/types.h"
#include "runtime/graph/operation.h"
#include "runtime/graph/typed.h"

namespace troika::kernels {

// RGB, its luma, its new luma, RGB out; w, h; the four planes' pitches.
inline constexpr Kernel<void(Read<u8>, Read<u16>, Read<u16>, Write<u8>, i32, i32, u32, u32, u32,
                             u32)>
    compose{"compose"};

Rgb8 compose_reference(const Rgb8& picture, const Plane16& luma, const Plane16& wanted);
void compose_host(HostView<const u8> rgb, HostView<const u16> luma, HostView<const u16> wanted,
                  HostView<u8> out, i32 w, i32 h, u32 rgb_pitch, u32 luma_pitch, u32 wanted_pitch,
                  u32 out_pitch);
std::string compose_opencl();
std::string compose_cuda();
Operation compose_operation();

}  // namespace troika::kernels
