extern "C" __global__ void blur_rows(const u8* in, u64 in_at, u8* out, u64 out_at, HALO,
                                     u32 in_pitch, u32 out_pitch) {
  for_each_pixel(w, h, [&](int x, int y) {
    const auto tap = [&](int i) -> u32 {
      return row_in<u16>(in, in_at, in_pitch, top + y)[clamp(left + x + i, 0, columns - 1)];
    };
    const auto pair = [&](int i, u32 weight) { return weight * (tap(-i) + tap(i)); };
    // The taps of kernels/gaussian.h.
    const u32 sum = 8754U * tap(0) + pair(1, 8281U) + pair(2, 7009U) + pair(3, 5309U) +
                    pair(4, 3599U) + pair(5, 2183U) + pair(6, 1185U) + pair(7, 575U) +
                    pair(8, 250U);
    row_out<u16>(out, out_at, out_pitch, y)[x] = static_cast<u16>((sum + 32768U) >> 16);
  });
}
