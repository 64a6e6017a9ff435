__kernel void luma(In rgb, ulong rgb_at, Out out, ulong out_at, int w, int h, uint rgb_pitch,
                   uint out_pitch) {
  const int x = (int)get_global_id(0) * RUN, y = (int)get_global_id(1);
  if (x >= w || y >= h) return;
  const Triple p = load_rgb(ROW_IN(uchar, rgb, rgb_at, rgb_pitch, y), x, w);
  store_run(p.r * (ushort)77 + p.g * (ushort)150 + p.b * (ushort)29,
            ROW_OUT(ushort, out, out_at, out_pitch, y), x, w);
}
