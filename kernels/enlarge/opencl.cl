// Source pixels that a run of enlarged ones may need: factor 1 needs most.
#define SOURCES (RUN + 4)

static inline int left_of(int x, int factor) {
  return x / factor - (2 * (x % factor) + 1 < factor ? 1 : 0);
}

static inline int4 pixel_of(__global const uchar* row, int x) {
  return (int4)(row[3 * x], row[3 * x + 1], row[3 * x + 2], 0);
}

__kernel void enlarge(In source, ulong source_at, Out out, ulong out_at, In weights,
                      ulong weights_at, int columns, int rows, int source_x, int source_y,
                      int tile_x, int tile_y, int w, int h, uint source_pitch, uint out_pitch,
                      int factor) {
  const int x = (int)get_global_id(0) * RUN, y = (int)get_global_id(1);
  if (x >= w || y >= h) return;
  __global const int* const table = ROW_IN(int, weights, weights_at, 0, 0);
  const int last = min(x + RUN, w) - 1;

  // Four rows joined into one, as far as this run needs it.
  const int above = left_of(tile_y + y, factor) - 1 - source_y;
  __global const uchar* const a =
      ROW_IN(uchar, source, source_at, source_pitch, clamp(above, 0, rows - 1));
  __global const uchar* const b =
      ROW_IN(uchar, source, source_at, source_pitch, clamp(above + 1, 0, rows - 1));
  __global const uchar* const c =
      ROW_IN(uchar, source, source_at, source_pitch, clamp(above + 2, 0, rows - 1));
  __global const uchar* const d =
      ROW_IN(uchar, source, source_at, source_pitch, clamp(above + 3, 0, rows - 1));
  const int4 down = vload4((tile_y + y) % factor, table);
  const int first = left_of(tile_x + x, factor) - 1 - source_x;
  const int count = left_of(tile_x + last, factor) + 3 - source_x - first;
  int4 joined[SOURCES];  // red, green, blue and an idle lane
  for (int i = 0; i < count; ++i) {
    const int at = first + i, from = LARGER(SMALLER(at, columns - 1), 0);
    joined[i] = down.s0 * pixel_of(a, from) + down.s1 * pixel_of(b, from) +
                down.s2 * pixel_of(c, from) + down.s3 * pixel_of(d, from);
  }

  __global uchar* const row = ROW_OUT(uchar, out, out_at, out_pitch, y);
  int phase = (tile_x + x) % factor, start = 0;
  for (int i = x; i <= last; ++i) {
    const int4 across = vload4(phase, table);
    const int4 sum = across.s0 * joined[start] + across.s1 * joined[start + 1] +
                     across.s2 * joined[start + 2] + across.s3 * joined[start + 3] + (1 << 19);
    const int4 rounded = LARGER(sum, 0) >> 20;
    const int4 pixel = SMALLER(rounded, 255);
    row[3 * i] = (uchar)pixel.s0;
    row[3 * i + 1] = (uchar)pixel.s1;
    row[3 * i + 2] = (uchar)pixel.s2;
    // The taps move on one source pixel where a middle is passed.
    const bool was_left = 2 * phase + 1 < factor;
    phase = phase + 1 == factor ? 0 : phase + 1;
    const bool is_left = 2 * phase + 1 < factor;
    if (factor == 1 || (was_left && !is_left)) ++start;
  }
}
