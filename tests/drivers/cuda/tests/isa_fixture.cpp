#include "tests/drivers/cuda/tests/isa_fixture.h"

namespace cuda_emulator_test {
namespace {

constexpr const char* prologue = R"(
  .reg .pred %p<4>;
  .reg .b16 %h<10>, %ha, %hb, %hc, %hd;
  .reg .b32 %r<10>, %ra, %rb, %rc, %rd, %i;
  .reg .b64 %l<10>, %la, %lb, %lc, %ld, %from, %to;
  ld.param.u64 %to, [out]; ld.param.u64 %from, [in];
  mov.u32 %i, %tid.x;
  mad.wide.u32 %from, %i, 24, %from; mad.wide.u32 %to, %i, 8, %to;
  ld.global.b64 %la, [%from]; ld.global.b64 %lb, [%from + 8]; ld.global.b64 %lc, [%from + 16];
  ld.global.b32 %ra, [%from]; ld.global.b32 %rb, [%from + 8]; ld.global.b32 %rc, [%from + 16];
  ld.global.b16 %ha, [%from]; ld.global.b16 %hb, [%from + 8]; ld.global.b16 %hc, [%from + 16];
)";

const char* store_of(std::size_t bytes) {
  return bytes == 2   ? "\nst.global.b16 [%to], %hd;"
         : bytes == 4 ? "\nst.global.b32 [%to], %rd;"
                      : "\nst.global.b64 [%to], %ld;";
}

}  // namespace

std::vector<Slot> Isa::run(const std::string& ptx, std::size_t result_bytes,
                           const std::vector<Slots>& in, const std::string& before) {
  const CUfunction program =
      kernel(prologue + ptx + store_of(result_bytes), ".param .u64 out, .param .u64 in", before);
  if (program == nullptr) return {};
  CUdeviceptr from = holding(in), to = holding(std::vector<Slot>(in.size()));
  EXPECT_EQ(launch(program, nullptr, {&to, &from}, static_cast<unsigned>(in.size())), CUDA_SUCCESS);
  auto out = read<Slot>(to, in.size());
  EXPECT_EQ(cu(cuMemFree, 3020)(from), CUDA_SUCCESS);
  EXPECT_EQ(cu(cuMemFree, 3020)(to), CUDA_SUCCESS);
  return out;
}

std::vector<std::uint32_t> Isa::run32(const std::string& ptx, const std::vector<std::uint32_t>& a,
                                      const std::string& before) {
  std::vector<Slots> in;
  for (const std::uint32_t one : a) in.push_back({one, 0, 0});
  std::vector<std::uint32_t> out;
  for (const Slot one : run(ptx, 4, in, before)) out.push_back(static_cast<std::uint32_t>(one));
  return out;
}

void Isa::check(const Row& row) {
  SCOPED_TRACE(row.ptx);
  std::vector<Slots> in(threads);
  for (unsigned i = 0; i < threads; ++i) {
    for (std::size_t which = 0; which < 3; ++which) in[i][which] = row.operand(i, which);
  }
  const auto out = run(row.ptx, row.result_bytes, in);
  ASSERT_EQ(out.size(), threads);
  for (unsigned i = 0; i < threads; ++i) {
    const Slot wanted = row.expected(in[i]);
    ASSERT_TRUE(row.same(out[i], wanted))
        << std::hex << "of " << in[i][0] << ", " << in[i][1] << ", " << in[i][2] << " it makes "
        << out[i] << ", not " << wanted;
  }
}

}  // namespace cuda_emulator_test
