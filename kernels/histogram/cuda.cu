constexpr int items = 16, bins = 256;

// One block. Every thread counts its own rows, so that none needs an atomic.
extern "C" __global__ void __launch_bounds__(items)
    histogram(const u8* luma, u64 luma_at, u8* counted, u64 counted_at, int w, int h,
              u32 luma_pitch) {
  __shared__ u32 counts[items][bins];
  const int item = static_cast<int>(threadIdx.x);
  for (int i = 0; i < bins; ++i) counts[item][i] = 0;
  for (int y = item; y < h; y += items) {
    const u16* const row = row_in<u16>(luma, luma_at, luma_pitch, y);
    for (int x = 0; x < w; ++x) ++counts[item][row[x] >> 8];
  }
  __syncthreads();
  for (int i = item; i < bins; i += items) {
    u32 sum = 0;
    for (int j = 0; j < items; ++j) sum += counts[j][i];
    row_out<u32>(counted, counted_at, 0, 0)[i] = sum;
  }
}
