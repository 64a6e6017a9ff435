static inline uchar16 scaled(ushort16 colour, uint16 scale) {
  const uint16 rounded = (convert_uint16(colour) * scale + 2048u) >> 12;
  return convert_uchar16(SMALLER(rounded, 255u));
}

__kernel void compose(In rgb, ulong rgb_at, In luma, ulong luma_at, In wanted, ulong wanted_at,
                      Out out, ulong out_at, int w, int h, uint rgb_pitch, uint luma_pitch,
                      uint wanted_pitch, uint out_pitch) {
  const int x = (int)get_global_id(0) * RUN, y = (int)get_global_id(1);
  if (x >= w || y >= h) return;
  const uint16 old = convert_uint16(load_run(ROW_IN(ushort, luma, luma_at, luma_pitch, y), x, w));
  const uint16 fresh =
      convert_uint16(load_run(ROW_IN(ushort, wanted, wanted_at, wanted_pitch, y), x, w));
  const uint16 scale = (fresh << 12) / (old + 64u);
  const Triple p = load_rgb(ROW_IN(uchar, rgb, rgb_at, rgb_pitch, y), x, w);
  store_rgb(scaled(p.r, scale), scaled(p.g, scale), scaled(p.b, scale),
            ROW_OUT(uchar, out, out_at, out_pitch, y), x, w);
}
