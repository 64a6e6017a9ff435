#define TAP(i) convert_uint16(\
  load_run(ROW_IN(ushort, in, in_at, in_pitch, clamp(top + y + (i), 0, rows - 1)), x + left, columns))
#define PAIR(i, weight) weight * (TAP(-i) + TAP(i))

__kernel void blur_columns(In in, ulong in_at, Out out, ulong out_at, HALO, uint in_pitch,
                        uint out_pitch) {
  const int x = (int)get_global_id(0) * RUN, y = (int)get_global_id(1);
  if (x >= w || y >= h) return;
  // The taps of kernels/gaussian.h.
  const uint16 sum = 8754u * TAP(0) + PAIR(1, 8281u) + PAIR(2, 7009u) + PAIR(3, 5309u) +
                     PAIR(4, 3599u) + PAIR(5, 2183u) + PAIR(6, 1185u) + PAIR(7, 575u) +
                     PAIR(8, 250u);
  store_run(convert_ushort16((sum + 32768u) >> 16), ROW_OUT(ushort, out, out_at, out_pitch, y), x,
            w);
}
