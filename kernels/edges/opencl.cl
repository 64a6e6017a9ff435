#define ROW(dy) ROW_IN(ushort, in, in_at, in_pitch, clamp(top + y + (dy), 0, rows - 1))
#define AT(row, dx) convert_int16(load_run(row, x + left + (dx), columns))

__kernel void edges(In in, ulong in_at, Out out, ulong out_at, HALO, uint in_pitch,
                    uint out_pitch) {
  const int x = (int)get_global_id(0) * RUN, y = (int)get_global_id(1);
  if (x >= w || y >= h) return;
  __global const ushort* const a = ROW(-1);
  __global const ushort* const b = ROW(0);
  __global const ushort* const c = ROW(1);
  const int16 nw = AT(a, -1), n = AT(a, 0), ne = AT(a, 1);
  const int16 west = AT(b, -1), east = AT(b, 1);
  const int16 sw = AT(c, -1), s = AT(c, 0), se = AT(c, 1);
  const int16 slope_x = ne - nw + 2 * (east - west) + se - sw;
  const int16 slope_y = sw - nw + 2 * (s - n) + se - ne;
  const int16 across = LARGER(slope_x, -slope_x), down = LARGER(slope_y, -slope_y);
  const int16 steep = (LARGER(across, down) + (SMALLER(across, down) * 3 >> 3)) >> 2;
  store_run(convert_ushort16(SMALLER(steep, 65535)), ROW_OUT(ushort, out, out_at, out_pitch, y),
            x, w);
}
