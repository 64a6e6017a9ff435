// Loads and stores of vectors and by way of caches, and atomics in every space.
#include <algorithm>
#include <numeric>

#include "tests/drivers/cuda/tests/isa_fixture.h"

namespace cuda_emulator_test {
namespace {

using u32 = std::uint32_t;
using u64 = std::uint64_t;

TEST_F(Isa, vectors_and_caches_load_what_was_stored) {
  check({
      row("ld.global.v2.u32 {%r1, %r2}, [%from]; add.u32 %rd, %r1, %r2;",
          [](u64 a, u64, u64) { return u32(a) + u32(a >> 32); }),
      row("ld.global.v4.u8 {%r1, %r2, %r3, %r4}, [%from]; mad.lo.u32 %r5, %r4, 256, %r3;"
          "mad.lo.u32 %r5, %r5, 256, %r2; mad.lo.u32 %rd, %r5, 256, %r1;",
          [](u32 a, u32, u32) { return a; }),
      row("ld.global.v4.s8 {%r1, %r2, %r3, %r4}, [%from]; mov.u32 %rd, %r2;",
          [](u32 a, u32, u32) { return std::int32_t(std::int8_t(a >> 8)); }),
      row("ld.global.v2.s16 {%r1, %r2}, [%from]; mov.u32 %rd, %r2;",
          [](u32 a, u32, u32) { return std::int32_t(std::int16_t(a >> 16)); }),
      row("st.global.v2.u32 [%to], {%ra, %rb}; ld.volatile.global.u64 %ld, [%to];",
          [](u32 a, u32 b, u32) { return u64(b) << 32 | a; }),
      row("ld.global.nc.u64 %ld, [%from + 8];", [](u64, u64 b, u64) { return b; }),
      row("ld.global.ca.u32 %r1, [%from]; ld.global.cg.u32 %r2, [%from + 8];"
          "ld.global.cs.u32 %r3, [%from + 16]; lop3.b32 %rd, %r1, %r2, %r3, 0x96;",
          [](u32 a, u32 b, u32 c) { return a ^ b ^ c; }),
      row("ld.global.nc.L1::no_allocate.L2::128B.v2.u32 {%r1, %r2}, [%from]; mov.u32 %rd, %r2;",
          [](u64 a, u64, u64) { return u32(a >> 32); }),
      row("st.global.cs.u32 [%to], %ra; st.global.wt.u32 [%to + 4], %rb; ld.global.u64 %ld, [%to];",
          [](u32 a, u32 b, u32) { return u64(b) << 32 | a; }),
      row("st.release.gpu.global.u64 [%to], %la; ld.acquire.gpu.global.u64 %ld, [%to];",
          [](u64 a, u64, u64) { return a; }),
      row(".shared .align 16 .b8 all[4096]; mov.u64 %l1, all; mul.wide.u32 %l2, %i, 16;"
          "add.u64 %l1, %l1, %l2; st.shared.v2.u64 [%l1], {%la, %lb}; ld.shared.u64 %ld, [%l1 + "
          "8];",
          [](u64, u64 b, u64) { return b; }),
      row(".local .align 16 .b8 own[16]; st.local.v2.u64 [own], {%la, %lb};"
          "ld.local.v2.u64 {%l1, %l2}, [own]; sub.u64 %ld, %l2, %l1;",
          [](u64 a, u64 b, u64) { return b - a; }),
  });
}

TEST_F(Isa, constants_are_read_by_every_thread) {
  EXPECT_EQ(run32("and.b32 %r1, %i, 3; mul.wide.u32 %l1, %r1, 4; mov.u64 %l2, table;"
                  "add.u64 %l2, %l2, %l1; ld.const.u32 %rd, [%l2];",
                  std::vector<u32>(8), ".const .align 4 .u32 table[4] = {5, 6, 7, 8};\n"),
            (std::vector<u32>{5, 6, 7, 8, 5, 6, 7, 8}));
}

// Where the word lies, and how it is named.
struct Place {
  const char *space, *declared, *address;
};
constexpr Place places[] = {{".global", "", "word"},
                            {".shared", "", "word"},
                            {"", ".global", "generic"},
                            {"", ".shared", "generic"}};

struct Atomic {
  const char* text;  // "add.u32", of %ra
  unsigned bytes;
  u64 begin;
  u64 wanted;  // when 256 threads, with 0, 1, … in a, have done it
};

constexpr u64 all_of(u32 (*f)(u32, u32), u32 begin) {
  u32 made = begin;
  for (u32 i = 0; i < 256; ++i) made = f(made, i);
  return made;
}

const std::vector<Atomic>& atomics() {
  static const std::vector<Atomic> all{
      {"add.u32", 4, 7, 7 + 255 * 128},
      {"add.s32", 4, 0xFFFFFFFF, 255 * 128 - 1},
      {"min.u32", 4, 100, 0},
      {"max.u32", 4, 100, 255},
      {"min.s32", 4, 0xFFFFFFFB, 0xFFFFFFFB},
      {"max.s32", 4, 0xFFFFFFFB, 255},
      {"and.b32", 4, 0xFF00, all_of([](u32 a, u32 b) { return a & b; }, 0xFF00)},
      {"or.b32", 4, 0x100, 0x1FF},
      {"xor.b32", 4, 0x100, all_of([](u32 a, u32 b) { return a ^ b; }, 0x100)},
      {"add.u64", 8, 0xFFFFFFFFFF, 0xFFFFFFFFFFu + 255 * 128},
      {"max.s64", 8, ~u64{0}, 255},
      {"or.b64", 8, u64{1} << 40, u64{1} << 40 | 0xFF},
  };
  return all;
}

// Every thread does it to one word, and the first tells what was left there.
std::string on_word(const Place& place, const std::string& text, unsigned bytes, u64 begin) {
  const bool shared =
      std::string_view(place.space) == ".shared" || std::string_view(place.declared) == ".shared";
  const std::string space = shared ? ".shared" : ".global", b = std::to_string(bytes * 8);
  return (shared ? ".shared .align 8 .b8 word[8];" : std::string()) + "mov.u64 %l1, word; cvta" +
         space + ".u64 %l2, %l1; mov.b64 %l3, " + std::to_string(static_cast<std::int64_t>(begin)) +
         "; setp.eq.u32 %p1, %i, 0; @%p1 st" + space + ".u64 [%l1], %l3; bar.sync 0;" +
         "cvt.u64.u32 %la, %ra;" + text + "bar.sync 0; ld" + space + ".b" + b +
         (bytes == 4 ? " %r9" : " %l9") + ", [%l1];" +
         (bytes == 4 ? "cvt.u64.u32 %ld, %r9;" : "mov.u64 %ld, %l9;");
}

std::vector<Slots> counted(u32 count) {
  std::vector<Slots> in;
  for (u32 i = 0; i < count; ++i) in.push_back({i, 0, 0});
  return in;
}

TEST_F(Isa, atomics_of_all_threads_meet_in_one_word_of_every_space) {
  const std::string declared = ".global .align 8 .b8 word[8];\n";
  for (const Place& place : places) {
    const bool shared =
        std::string_view(place.space) == ".shared" || std::string_view(place.declared) == ".shared";
    const std::string at = std::string_view(place.address) == "word" ? "[%l1], " : "[%l2], ";
    for (const Atomic& one : atomics()) {
      for (const char* const op : {"atom", "red"}) {
        const std::string text = op + std::string(place.space) + "." + one.text +
                                 (*op == 'a' ? one.bytes == 4 ? " %r8, " : " %l8, " : " ") + at +
                                 (one.bytes == 4 ? "%ra;" : "%la;");
        SCOPED_TRACE(text);
        const auto out = run(on_word(place, text, one.bytes, one.begin), 8, counted(256),
                             shared ? "" : declared);
        EXPECT_EQ(out, std::vector<Slot>(256, one.wanted));
      }
    }
  }
}

TEST_F(Isa, atomics_tell_what_was_there_before) {
  const std::string declared = ".global .align 8 .b8 word[8];\n";
  const auto before = [&](const std::string& text) {
    auto out =
        run("setp.eq.u32 %p1, %i, 0; mov.u32 %r1, 0; @%p1 st.global.u32 [word], %r1;"
            "bar.sync 0;" +
                text,
            4, counted(256), declared);
    std::sort(out.begin(), out.end());
    return out;
  };
  std::vector<Slot> each(256);
  std::iota(each.begin(), each.end(), Slot{0});
  EXPECT_EQ(before("atom.global.add.u32 %rd, [word], 1;"), each);
  EXPECT_EQ(before("atom.acq_rel.gpu.global.inc.u32 %rd, [word], 1000;"), each);
  // Everyone leaves its own and takes another's: all but one are taken again, and the first value.
  auto exchanged = before("add.u32 %r2, %ra, 1; atom.global.exch.b32 %rd, [word], %r2;");
  EXPECT_EQ(exchanged.front(), 0u);
  EXPECT_EQ(std::unique(exchanged.begin(), exchanged.end()), exchanged.end());
  // A lock-free sum by compare and swap, which every thread of a warp needs its turn for.
  EXPECT_EQ(before("again: ld.volatile.global.u32 %r2, [word]; add.u32 %r3, %r2, 1;"
                   "atom.global.cas.b32 %rd, [word], %r2, %r3; setp.ne.u32 %p2, %rd, %r2;"
                   "@%p2 bra again;"),
            each);
  // From 10, which is too much, to 3, down to 0, and over again.
  const auto down = before(
      "mov.u32 %r1, 10; @%p1 st.global.u32 [word], %r1; bar.sync 0;"
      "atom.global.dec.u32 %rd, [word], 3;");
  EXPECT_EQ(std::count(down.begin(), down.end(), Slot{10}), 1);
  EXPECT_EQ(std::count(down.begin(), down.end(), Slot{3}), 64);
  EXPECT_EQ(std::count(down.begin(), down.end(), Slot{0}), 63);
}

TEST_F(Isa, atomics_add_floats) {
  const std::string declared = ".global .align 8 .b8 word[8];\n";
  // Sums of small integers are exact in any order.
  const auto sum = [&](const std::string& text, const char* load) {
    return run("setp.eq.u32 %p1, %i, 0; mov.b64 %l1, 0; @%p1 st.global.u64 [word], %l1; bar.sync 0;"
               "cvt.rn.f32.u32 %r1, %ra; cvt.rn.f64.u32 %l2, %ra;" +
                   text + "bar.sync 0;" + load,
               8, counted(64), declared)
        .front();
  };
  EXPECT_EQ(sum("red.global.add.f32 [word], %r1;", "ld.global.b64 %ld, [word];"),
            slot_of(63.0F * 32));
  EXPECT_EQ(sum("atom.global.add.f64 %l3, [word], %l2;", "ld.global.b64 %ld, [word];"),
            slot_of(63.0 * 32));
  EXPECT_EQ(sum("cvt.rn.f16x2.f32 %r2, %r1, %r1; red.global.add.noftz.f16x2 [word], %r2;",
                "ld.global.b64 %ld, [word];"),
            slot_of(static_cast<_Float16>(63 * 32)) * 0x10001);
}

}  // namespace
}  // namespace cuda_emulator_test
