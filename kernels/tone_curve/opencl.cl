#define BINS 256

// One work-group, an item a bin.
__kernel __attribute__((reqd_work_group_size(BINS, 1, 1))) void tone_curve(
    In bins, ulong bins_at, Out curve, ulong curve_at, int tiles) {
  __local uint sums[BINS];
  __local uint black, white;
  __global const uint* const counts = ROW_IN(uint, bins, bins_at, 0, 0);
  __global ushort* const out = ROW_OUT(ushort, curve, curve_at, 0, 0);
  const uint bin = (uint)get_local_id(0);

  uint sum = 0;
  for (int tile = 0; tile < tiles; ++tile) sum += counts[BINS * (ulong)tile + bin];
  sums[bin] = sum;
  barrier(CLK_LOCAL_MEM_FENCE);
  if (bin == 0) {
    ulong total = 0;
    for (int i = 0; i < BINS; ++i) total += sums[i];
    uint dark = 255, bright = 255;
    ulong up_to_here = total;
    for (int i = BINS - 1; i >= 0; --i) {
      if (up_to_here * 1000 > total * 5) dark = (uint)i;
      if (up_to_here * 1000 >= total * 999) bright = (uint)i;
      up_to_here -= sums[i];
    }
    black = dark;
    white = max(dark + 1, bright);
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  for (uint i = bin; i <= BINS; i += BINS) {
    const uint above = i < black ? 0 : min(i - black, white - black);
    const ulong v = above * 65536u / (white - black);
    out[i] = (ushort)((v * 98304u / (v + 32768u) * 65280u) >> 16);
  }
}
