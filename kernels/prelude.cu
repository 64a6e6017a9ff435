// What every CUDA kernel of this folder may use; put before each of them.
using u8 = unsigned char;
using u16 = unsigned short;
using u32 = unsigned int;
using u64 = unsigned long long;

// Where a tile lies in the view it reads; see kernels/tile.h.
#define HALO int columns, int rows, int left, int top, int w, int h

// A launch has a thread for each run of so many pixels of a row; see kernels/shape.h.
constexpr int run = 16;

// Row y of a view.
template <class T>
__device__ const T* row_in(const u8* base, u64 at, u32 pitch, int y) {
  return reinterpret_cast<const T*>(base + at + static_cast<u64>(y) * pitch);
}
template <class T>
__device__ T* row_out(u8* base, u64 at, u32 pitch, int y) {
  return reinterpret_cast<T*>(base + at + static_cast<u64>(y) * pitch);
}

__device__ inline int clamp(int value, int least, int most) { return min(max(value, least), most); }

// body(x, y) for each pixel of w x h. The threads of a block share out its runs pixel by pixel, so
// that neighbours load and store neighbouring bytes.
template <class Body>
__device__ void for_each_pixel(int w, int h, const Body& body) {
  const int block_w = run * static_cast<int>(blockDim.x), block_h = static_cast<int>(blockDim.y);
  const int left = static_cast<int>(blockIdx.x) * block_w;
  const int top = static_cast<int>(blockIdx.y) * block_h;
  const int threads = static_cast<int>(blockDim.x * blockDim.y);
  for (int i = static_cast<int>(threadIdx.y * blockDim.x + threadIdx.x); i < block_w * block_h;
       i += threads) {
    const int x = left + i % block_w, y = top + i / block_w;
    if (x < w && y < h) body(x, y);
  }
}
