constexpr int radius = 2, reach = 4096;

extern "C" __global__ void smooth(const u8* in, u64 in_at, u8* out, u64 out_at, HALO, u32 in_pitch,
                                  u32 out_pitch) {
  for_each_pixel(w, h, [&](int x, int y) {
    constexpr int weight[] = {1, 4, 6, 4, 1};  // both ways: their products add up to 256
    const int centre = row_in<u16>(in, in_at, in_pitch, top + y)[left + x];
    int pull = 0;
#pragma unroll
    for (int dy = -radius; dy <= radius; ++dy) {
      const u16* const row = row_in<u16>(in, in_at, in_pitch, clamp(top + y + dy, 0, rows - 1));
#pragma unroll
      for (int dx = -radius; dx <= radius; ++dx) {
        const int difference = row[clamp(left + x + dx, 0, columns - 1)] - centre;
        const int trust = max(0, reach - abs(difference));
        pull += weight[dy + radius] * weight[dx + radius] * difference * trust;
      }
    }
    // |pull| < 2^30. Divided by 256 * reach, to the nearest; a shift rounds negative numbers down.
    row_out<u16>(out, out_at, out_pitch, y)[x] =
        static_cast<u16>(centre + ((pull + (1 << 19)) >> 20));
  });
}
