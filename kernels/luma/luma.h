// Brightness of RGB pixels: 77 R + 150 G + 29 B, an integer from 0 to 65,280.
#pragma once

#include <string>

#include "kernels/image.h"
#include "kernels/types.h"
#include "runtime/graph/operation.h"
#include "runtime/graph/typed.h"

namespace troika::kernels {

inline constexpr u16 luma_max = 65'280;

// RGB, luma; w, h; their pitches in bytes.
inline constexpr Kernel<void(Read<u8>, Write<u16>, i32, i32, u32, u32)> luma{"luma"};

Plane16 luma_reference(const Rgb8& picture);
void luma_host(HostView<const u8> rgb, HostView<u16> out, i32 w, i32 h, u32 rgb_pitch,
               u32 out_pitch);
std::string luma_opencl();
std::string luma_cuda();
Operation luma_operation();

}  // namespace troika::kernels
