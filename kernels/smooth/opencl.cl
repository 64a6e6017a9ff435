#define REACH 4096

static inline int16 pull(int16 centre, ushort16 neighbour) {
  const int16 difference = convert_int16(neighbour) - centre;
  const int16 trust = REACH - LARGER(difference, -difference);
  return difference * LARGER(trust, 0);
}

#define ROW(dy) ROW_IN(ushort, in, in_at, in_pitch, clamp(top + y + (dy), 0, rows - 1))
#define PULL(row, dx) pull(v, load_run(row, x + left + (dx), columns))

__kernel void smooth(In in, ulong in_at, Out out, ulong out_at, HALO, uint in_pitch,
                     uint out_pitch) {
  const int x = (int)get_global_id(0) * RUN, y = (int)get_global_id(1);
  if (x >= w || y >= h) return;
  __global const ushort* const a = ROW(-2);
  __global const ushort* const b = ROW(-1);
  __global const ushort* const c = ROW(0);
  __global const ushort* const d = ROW(1);
  __global const ushort* const e = ROW(2);

  const int16 v = convert_int16(load_run(c, x + left, columns));
  const int16 near = PULL(b, 0) + PULL(d, 0) + PULL(c, -1) + PULL(c, 1);
  const int16 diagonal = PULL(b, -1) + PULL(b, 1) + PULL(d, -1) + PULL(d, 1);
  const int16 far = PULL(a, 0) + PULL(e, 0) + PULL(c, -2) + PULL(c, 2);
  const int16 knight = PULL(a, -1) + PULL(a, 1) + PULL(e, -1) + PULL(e, 1) + PULL(b, -2) +
                       PULL(b, 2) + PULL(d, -2) + PULL(d, 2);
  const int16 corner = PULL(a, -2) + PULL(a, 2) + PULL(e, -2) + PULL(e, 2);
  // |sum| < 2^30: the bias keeps the shifted number positive.
  const int16 sum = 24 * near + 16 * diagonal + 6 * far + 4 * knight + corner;
  const int16 moved = v - 1024 + ((sum + (1 << 30) + (1 << 19)) >> 20);
  store_run(convert_ushort16(moved), ROW_OUT(ushort, out, out_at, out_pitch, y), x, w);
}
