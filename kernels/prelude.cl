// What every OpenCL kernel of this folder may use; put before each of them.
#pragma OPENCL FP_CONTRACT OFF

typedef __global const uchar* In;
typedef __global uchar* Out;

// A work-item computes a run of pixels of one row: loads and stores stay contiguous, whatever the
// work-group's shape, and borders cost nothing inside the picture.
#define RUN 16

// Lane by lane. Compilers for CPUs make vector code of a comparison and a choice, but not all do of
// the built-in min, max and abs: with PoCL 3.1 those took three times as long.
#define SMALLER(a, b) ((a) < (b) ? (a) : (b))
#define LARGER(a, b) ((a) > (b) ? (a) : (b))

// Where a tile lies in the view it reads; see kernels/tile.h.
#define HALO int columns, int rows, int left, int top, int w, int h

// Row y of a view.
#define ROW_IN(type, base, at, pitch, y) \
  ((__global const type*)((base) + (at) + (ulong)(y) * (ulong)(pitch)))
#define ROW_OUT(type, base, at, pitch, y) \
  ((__global type*)((base) + (at) + (ulong)(y) * (ulong)(pitch)))

// Sixteen pixels from column x; outside [0, columns) the border repeats.
static inline ushort16 load_run(__global const ushort* row, int x, int columns) {
  if (x >= 0 && x + RUN <= columns) return vload16(0, row + x);
  ushort run[RUN];
  for (int i = 0; i < RUN; ++i) run[i] = row[clamp(x + i, 0, columns - 1)];
  return vload16(0, run);
}

// The part of sixteen pixels from column x that lies before column `columns`.
static inline void store_run(ushort16 pixels, __global ushort* row, int x, int columns) {
  if (x + RUN <= columns) {
    vstore16(pixels, 0, row + x);
    return;
  }
  ushort run[RUN];
  vstore16(pixels, 0, run);
  for (int i = 0; x + i < columns; ++i) row[x + i] = run[i];
}

typedef struct {
  ushort16 r, g, b;
} Triple;

// The colours of sixteen interleaved pixels; those from column `columns` on are black.
static inline Triple load_rgb(__global const uchar* row, int x, int columns) {
  uchar16 a, b, c;
  if (x + RUN <= columns) {
    a = vload16(0, row + 3 * x);
    b = vload16(1, row + 3 * x);
    c = vload16(2, row + 3 * x);
  } else {
    uchar run[3 * RUN];
    for (int i = 0; i < 3 * RUN; ++i) run[i] = 3 * x + i < 3 * columns ? row[3 * x + i] : (uchar)0;
    a = vload16(0, run);
    b = vload16(1, run);
    c = vload16(2, run);
  }
  Triple t;
  t.r = convert_ushort16((uchar16)(a.s0369, a.scf, b.s258b, b.se, c.s147a, c.sd));
  t.g = convert_ushort16((uchar16)(a.s147a, a.sd, b.s0369, b.scf, c.s258b, c.se));
  t.b = convert_ushort16((uchar16)(a.s258b, a.se, b.s147a, b.sd, c.s0369, c.scf));
  return t;
}

// The part of sixteen interleaved pixels that lies before column `columns`.
static inline void store_rgb(uchar16 r, uchar16 g, uchar16 b, __global uchar* row, int x,
                             int columns) {
  const uchar16 first = (uchar16)(r.s0, g.s0, b.s0, r.s1, g.s1, b.s1, r.s2, g.s2, b.s2, r.s3, g.s3,
                                  b.s3, r.s4, g.s4, b.s4, r.s5);
  const uchar16 second = (uchar16)(g.s5, b.s5, r.s6, g.s6, b.s6, r.s7, g.s7, b.s7, r.s8, g.s8,
                                   b.s8, r.s9, g.s9, b.s9, r.sa, g.sa);
  const uchar16 third = (uchar16)(b.sa, r.sb, g.sb, b.sb, r.sc, g.sc, b.sc, r.sd, g.sd, b.sd, r.se,
                                  g.se, b.se, r.sf, g.sf, b.sf);
  if (x + RUN <= columns) {
    vstore16(first, 0, row + 3 * x);
    vstore16(second, 1, row + 3 * x);
    vstore16(third, 2, row + 3 * x);
    return;
  }
  uchar run[3 * RUN];
  vstore16(first, 0, run);
  vstore16(second, 1, run);
  vstore16(third, 2, run);
  for (int i = 0; 3 * x + i < 3 * columns; ++i) row[3 * x + i] = run[i];
}
