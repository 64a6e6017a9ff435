#define BLOCK 16

__kernel void exposure(In luma, ulong luma_at, Out sums, ulong sums_at, int w, int h,
                       uint luma_pitch, uint sums_pitch) {
  const int left = (int)get_global_id(0) * BLOCK, top = (int)get_global_id(1) * BLOCK;
  if (left >= w || top >= h) return;
  // Lanes beyond the edge count log2(1 + 0) = 0.
  const uint16 lane = (uint16)(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  const int16 inside = lane < (uint16)(w - left);
  float16 column = 0.0f;
  for (int y = top; y < min(top + BLOCK, h); ++y) {
    const ushort16 pixels = load_run(ROW_IN(ushort, luma, luma_at, luma_pitch, y), left, w);
    column += log2(1.0f + convert_float16(convert_int16(pixels) & inside));
  }
  // Pairwise, so that few roundings lie between any term and the sum.
  const float8 a = column.lo + column.hi;
  const float4 b = a.lo + a.hi;
  const float2 c = b.lo + b.hi;
  ROW_OUT(float, sums, sums_at, sums_pitch, get_global_id(1))[get_global_id(0)] = c.lo + c.hi;
}
