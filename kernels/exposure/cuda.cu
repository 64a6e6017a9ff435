constexpr int block = 16;

// A thread a block of pixels.
extern "C" __global__ void exposure(const u8* luma, u64 luma_at, u8* sums, u64 sums_at, int w,
                                    int h, u32 luma_pitch, u32 sums_pitch) {
  const int column = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  const int row = static_cast<int>(blockIdx.y * blockDim.y + threadIdx.y);
  const int left = column * block, top = row * block;
  if (left >= w || top >= h) return;
  float lanes[block] = {};
  for (int y = top; y < min(top + block, h); ++y) {
    const u16* const pixels = row_in<u16>(luma, luma_at, luma_pitch, y);
#pragma unroll
    for (int i = 0; i < block; ++i)
      if (left + i < w) lanes[i] += log2f(1.0F + static_cast<float>(pixels[left + i]));
  }
  // Pairwise, so that few roundings lie between any term and the sum.
#pragma unroll
  for (int half = block / 2; half > 0; half /= 2)
#pragma unroll
    for (int i = 0; i < half; ++i) lanes[i] += lanes[i + half];
  row_out<float>(sums, sums_at, sums_pitch, row)[column] = lanes[0];
}
