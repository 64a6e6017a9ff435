extern "C" __global__ void compose(const u8* rgb, u64 rgb_at, const u8* luma, u64 luma_at,
                                   const u8* wanted, u64 wanted_at, u8* out, u64 out_at, int w,
                                   int h, u32 rgb_pitch, u32 luma_pitch, u32 wanted_pitch,
                                   u32 out_pitch) {
  for_each_pixel(w, h, [&](int x, int y) {
    const u32 old = row_in<u16>(luma, luma_at, luma_pitch, y)[x];
    const u32 fresh = row_in<u16>(wanted, wanted_at, wanted_pitch, y)[x];
    const u32 scale = (fresh << 12) / (old + 64U);
    const u8* const from = row_in<u8>(rgb, rgb_at, rgb_pitch, y) + 3 * x;
    u8* const to = row_out<u8>(out, out_at, out_pitch, y) + 3 * x;
    for (int c = 0; c < 3; ++c) to[c] = static_cast<u8>(min((from[c] * scale + 2048U) >> 12, 255U));
  });
}
