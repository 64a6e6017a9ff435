#define ITEMS 16
#define BINS 256

// One work-group. Every item counts its own rows, so that none needs an atomic.
__kernel __attribute__((reqd_work_group_size(ITEMS, 1, 1))) void histogram(
    In luma, ulong luma_at, Out bins, ulong bins_at, int w, int h, uint luma_pitch) {
  __local uint counts[ITEMS][BINS];
  const int item = (int)get_local_id(0);
  for (int i = 0; i < BINS; ++i) counts[item][i] = 0;
  for (int y = item; y < h; y += ITEMS) {
    __global const ushort* const row = ROW_IN(ushort, luma, luma_at, luma_pitch, y);
    for (int x = 0; x < w; ++x) ++counts[item][row[x] >> 8];
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  for (int i = item; i < BINS; i += ITEMS) {
    uint sum = 0;
    for (int j = 0; j < ITEMS; ++j) sum += counts[j][i];
    ROW_OUT(uint, bins, bins_at, 0, 0)[i] = sum;
  }
}
