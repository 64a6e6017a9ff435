extern "C" __global__ void luma(const u8* rgb, u64 rgb_at, u8* out, u64 out_at, int w, int h,
                                u32 rgb_pitch, u32 out_pitch) {
  for_each_pixel(w, h, [&](int x, int y) {
    const u8* const p = row_in<u8>(rgb, rgb_at, rgb_pitch, y) + 3 * x;
    row_out<u16>(out, out_at, out_pitch, y)[x] =
        static_cast<u16>(77 * p[0] + 150 * p[1] + 29 * p[2]);
  });
}
