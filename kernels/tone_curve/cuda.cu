constexpr u32 all_bins = 256;

// One block, a thread a bin.
extern "C" __global__ void __launch_bounds__(all_bins)
    tone_curve(const u8* bins, u64 bins_at, u8* curve, u64 curve_at, int tiles) {
  __shared__ u32 sums[all_bins];
  __shared__ u32 black, white;
  const u32* const counts = row_in<u32>(bins, bins_at, 0, 0);
  u16* const out = row_out<u16>(curve, curve_at, 0, 0);
  const u32 bin = threadIdx.x;

  u32 sum = 0;
  for (int tile = 0; tile < tiles; ++tile) sum += counts[all_bins * static_cast<u64>(tile) + bin];
  sums[bin] = sum;
  __syncthreads();
  if (bin == 0) {
    u64 total = 0;
    for (u32 i = 0; i < all_bins; ++i) total += sums[i];
    u32 dark = 255, bright = 255;
    u64 up_to_here = total;
    for (int i = all_bins - 1; i >= 0; --i) {
      if (up_to_here * 1000 > total * 5) dark = static_cast<u32>(i);
      if (up_to_here * 1000 >= total * 999) bright = static_cast<u32>(i);
      up_to_here -= sums[i];
    }
    black = dark;
    white = max(dark + 1, bright);
  }
  __syncthreads();
  for (u32 i = bin; i <= all_bins; i += all_bins) {
    const u32 above = i < black ? 0 : min(i - black, white - black);
    const u64 v = above * 65536U / (white - black);
    out[i] = static_cast<u16>((v * 98304U / (v + 32768U) * 65280U) >> 16);
  }
}
