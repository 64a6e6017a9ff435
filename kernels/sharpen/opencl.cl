#define LUMA_MAX 65280
#define LOAD(plane) load_run(ROW_IN(ushort, plane, plane##_at, plane##_pitch, y), x, w)

__kernel void sharpen(In smooth, ulong smooth_at, In blurred, ulong blurred_at, In steep,
                     ulong steep_at, Out out, ulong out_at, In curve, ulong curve_at, int w, int h,
                     uint smooth_pitch, uint blurred_pitch, uint steep_pitch, uint out_pitch) {
  const int x = (int)get_global_id(0) * RUN, y = (int)get_global_id(1);
  if (x >= w || y >= h) return;
  const int16 value = convert_int16(LOAD(smooth));
  const int16 slope = convert_int16(LOAD(steep)) >> 5;
  const int16 gain = 32 + SMALLER(slope, 480);
  const int16 lacking = value - convert_int16(LOAD(blurred));
  // |lacking * gain| < 2^26: the bias makes the shift round down without a negative number.
  const int16 added = ((lacking * gain + (1 << 26)) >> 8) - (1 << 18);
  const int16 wished = value + added;
  const int16 above = LARGER(wished, 0);
  const int16 raised = SMALLER(above, LUMA_MAX);

  uint at[RUN];
  ushort low[RUN], high[RUN];
  vstore16(convert_uint16(raised) >> 8, 0, at);
  __global const ushort* const points = ROW_IN(ushort, curve, curve_at, 0, 0);
  for (int i = 0; i < RUN; ++i) {
    low[i] = points[at[i]];
    high[i] = points[at[i] + 1];
  }
  const uint16 from = convert_uint16(vload16(0, low));
  const uint16 step = convert_uint16(vload16(0, high)) - from;
  store_run(convert_ushort16(from + (step * (convert_uint16(raised) & 255u) >> 8)),
            ROW_OUT(ushort, out, out_at, out_pitch, y), x, w);
}
