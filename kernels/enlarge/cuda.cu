__device__ inline int left_of(int x, int factor) {
  return x / factor - (2 * (x % factor) + 1 < factor ? 1 : 0);
}

extern "C" __global__ void enlarge(const u8* source, u64 source_at, u8* out, u64 out_at,
                                   const u8* weights, u64 weights_at, int columns, int rows,
                                   int source_x, int source_y, int tile_x, int tile_y, int w, int h,
                                   u32 source_pitch, u32 out_pitch, int factor) {
  const int* const table = row_in<int>(weights, weights_at, 0, 0);
  for_each_pixel(w, h, [&](int x, int y) {
    const int first_x = left_of(tile_x + x, factor) - 1 - source_x;
    const int first_y = left_of(tile_y + y, factor) - 1 - source_y;
    const int* const across = table + 4 * ((tile_x + x) % factor);
    const int* const down = table + 4 * ((tile_y + y) % factor);
    int sums[3] = {1 << 19, 1 << 19, 1 << 19};
    for (int j = 0; j < 4; ++j) {
      const u8* const row =
          row_in<u8>(source, source_at, source_pitch, clamp(first_y + j, 0, rows - 1));
      for (int i = 0; i < 4; ++i) {
        const u8* const pixel = row + 3 * clamp(first_x + i, 0, columns - 1);
        const int weight = across[i] * down[j];
        for (int c = 0; c < 3; ++c) sums[c] += weight * pixel[c];
      }
    }
    u8* const to = row_out<u8>(out, out_at, out_pitch, y) + 3 * x;
    for (int c = 0; c < 3; ++c) to[c] = static_cast<u8>(min(max(sums[c], 0) >> 20, 255));
  });
}
