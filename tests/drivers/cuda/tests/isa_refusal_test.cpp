// What is listed in isa.txt is executed, and nothing else is.
#include "tests/drivers/cuda/isa.h"
#include "tests/drivers/cuda/tests/isa_fixture.h"

namespace cuda_emulator_test {
namespace {

TEST_F(Isa, whatever_is_not_listed_is_refused_with_its_mnemonic_and_line) {
  for (const char* const text : {
           "add.bf16 %h1, %h2, %h3;",
           "fma.rn.bf16x2 %r1, %r2, %r3, %r1;",
           "add.s16x2 %r1, %r2, %r3;",
           "mul.wide.u64 %l1, %l2, %l3;",
           "div.rn.f16 %h1, %h2, %h3;",
           "add.ftz.rn.f32 %r1, %r2, %r3;",  // its parts in another order
           "add.rn.ftz.f64 %l1, %l2, %l3;",
           "mad24.hi.u32 %r1, %r2, %r3, %r1;",
           "shfl.up.b32 %r1, %r2, 1, 0;",
           "vote.all.pred %p1, %p2;",
           "set.lt.bf16.f32 %h1, %r1, %r2;",
           "cvt.rn.bf16.f32 %h1, %r1;",
           "cvt.rna.tf32.f32 %r1, %r2;",
           "ld.global.b128 %l1, [%l2];",
           "ld.global.v8.b32 {%r1, %r2, %r3, %r4, %r5, %r6, %r7, %r8}, [%l1];",
           "atom.global.add.b32 %r1, [%l1], %r2;",
           "atom.shared.add.s16 %h1, [%l1], %h2;",
           "cp.async.ca.shared.global [%l1], [%l2], 16;",
           "ldmatrix.sync.aligned.m8n8.x1.shared.b16 {%r1}, [%l1];",
           "txq.width.b32 %r1, [%l1];",
           "wmma.load.a.sync.aligned.row.m16n16k16.f16 {%r1, %r2}, [%l1];",
           "mbarrier.init.shared.b64 [%l1], %r1;",
           "elect.sync %r1|%p1, 0xFFFFFFFF;",
           "griddepcontrol.wait;",
           "sin.approx.f64 %l1, %l2;",
           "frobnicate.u32 %r1;",
       }) {
    SCOPED_TRACE(text);
    CUmodule module = nullptr;
    std::string log;
    EXPECT_EQ(load(module_text(".visible .entry k()\n{\n.reg .pred %p<4>; .reg .b16 %h<10>; .reg "
                               ".b32 %r<10>; .reg .b64 %l<10>;\n" +
                               std::string(text) + "\nret;\n}\n"),
                   module, &log),
              CUDA_ERROR_INVALID_PTX);
    const std::string_view whole(text);
    EXPECT_NE(log.find("line 7"), std::string::npos) << log;
    EXPECT_NE(log.find(whole.substr(0, whole.find_first_of(" ;"))), std::string::npos) << log;
  }
}

// Without its operands, an instruction that is known is refused for want of them.
TEST_F(Isa, whatever_is_listed_is_known) {
  const auto all = cuda_emulator::whole_isa();
  EXPECT_GT(all.size(), 1000u);
  for (const std::string& mnemonic : all) {
    if (mnemonic.starts_with("call")) continue;  // without a name it is an indirect call
    CUmodule module = nullptr;
    std::string log;
    const CUresult result =
        load(module_text(".visible .entry k()\n{\n" + mnemonic + ";\nret;\n}\n"), module, &log);
    if (result == CUDA_SUCCESS) continue;
    EXPECT_EQ(log.find("not supported"), std::string::npos) << log;
    EXPECT_EQ(log.find("not in the emulator"), std::string::npos) << log;
  }
}

}  // namespace
}  // namespace cuda_emulator_test
