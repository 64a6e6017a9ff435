extern "C" __global__ void edges(const u8* in, u64 in_at, u8* out, u64 out_at, HALO, u32 in_pitch,
                                 u32 out_pitch) {
  for_each_pixel(w, h, [&](int x, int y) {
    const auto at = [&](int dx, int dy) -> int {
      const u16* const row = row_in<u16>(in, in_at, in_pitch, clamp(top + y + dy, 0, rows - 1));
      return row[clamp(left + x + dx, 0, columns - 1)];
    };
    const int nw = at(-1, -1), n = at(0, -1), ne = at(1, -1);
    const int west = at(-1, 0), east = at(1, 0);
    const int sw = at(-1, 1), s = at(0, 1), se = at(1, 1);
    const int across = abs(ne - nw + 2 * (east - west) + se - sw);
    const int down = abs(sw - nw + 2 * (s - n) + se - ne);
    const int steep = (max(across, down) + (min(across, down) * 3 >> 3)) >> 2;
    row_out<u16>(out, out_at, out_pitch, y)[x] = static_cast<u16>(min(steep, 65535));
  });
}
