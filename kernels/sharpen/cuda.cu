constexpr int luma_max = 65280;

extern "C" __global__ void sharpen(const u8* smooth, u64 smooth_at, const u8* blurred,
                                   u64 blurred_at, const u8* steep, u64 steep_at, u8* out,
                                   u64 out_at, const u8* curve, u64 curve_at, int w, int h,
                                   u32 smooth_pitch, u32 blurred_pitch, u32 steep_pitch,
                                   u32 out_pitch) {
  const u16* const points = row_in<u16>(curve, curve_at, 0, 0);
  for_each_pixel(w, h, [&](int x, int y) {
    const int value = row_in<u16>(smooth, smooth_at, smooth_pitch, y)[x];
    const int lacking = value - row_in<u16>(blurred, blurred_at, blurred_pitch, y)[x];
    const int gain = 32 + min(row_in<u16>(steep, steep_at, steep_pitch, y)[x] >> 5, 480);
    const int raised = clamp(value + (lacking * gain >> 8), 0, luma_max);
    const u32 from = points[raised >> 8], step = points[(raised >> 8) + 1] - from;
    row_out<u16>(out, out_at, out_pitch, y)[x] =
        static_cast<u16>(from + (step * (static_cast<u32>(raised) & 255U) >> 8));
  });
}
