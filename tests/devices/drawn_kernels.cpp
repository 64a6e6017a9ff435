#include "tests/devices/drawn_kernels.h"

#include <string>

namespace troika::oracle {
namespace {

// A kernel's parameters: each piece with its columns, rows and pitch, and the salt.
constexpr Kernel<void(Write<Word>, Word, Word, Word, Word)> make{"make"};
constexpr Kernel<void(Read<Word>, Word, Word, Word, Write<Word>, Word, Word, Word, Word)> map_one{
    "map"};
constexpr Kernel<void(Read<Word>, Word, Word, Word, Update<Word>, Word, Word, Word, Word)> mix{
    "mix"};
constexpr Kernel<void(Read<Word>, Word, Word, Word, Read<Word>, Word, Word, Word, Write<Word>, Word,
                      Word, Word, Word)>
    join{"join"};
constexpr Kernel<void(Commute<Word>, Word, Word, Word, Word)> bump{"bump"};
constexpr Kernel<void(Update<Word>, Word, Word, Word, Update<Word>, Word, Word, Word, Word)> swirl{
    "swirl"};

constexpr const char* opencl_prelude = R"(
#define KERNEL(name) kernel void name
#define MEMORY global
#define FUNCTION
typedef ulong offset_t;
#define INDEX ((uint)get_global_id(0))
)";
constexpr const char* cuda_prelude = R"(
#define KERNEL(name) extern "C" __global__ void name
#define MEMORY
#define FUNCTION __device__
typedef unsigned int uint;
typedef unsigned long long offset_t;
#define INDEX (blockIdx.x * blockDim.x + threadIdx.x)
)";

// Both languages'. Each item changes one word of each output, and there may be more items than
// words.
constexpr const char* source = R"(
#define PIECE(p) MEMORY char* p##_base, offset_t p##_at, uint p##_cols, uint p##_rows, uint p##_pitch
#define WORDS(p) ((MEMORY uint*)(p##_base + p##_at))
#define AT(p, i) WORDS(p)[(i) / p##_cols * p##_pitch + (i) % p##_cols]
#define HAS(p, i) ((i) < p##_cols * p##_rows)
#define DIGEST(p, key) for (uint w = 0; HAS(p, w); ++w) key = scramble(key, AT(p, w))

FUNCTION uint scramble(uint a, uint b) {
  uint x = a * 0x9E3779B1u ^ (b + 0x85EBCA6Bu + (a << 6) + (a >> 2));
  x ^= x >> 15;
  return x * 0x2C1B3C6Du;
}

KERNEL(make)(PIECE(out), uint salt) {
  const uint i = INDEX;
  if (HAS(out, i)) AT(out, i) = scramble(salt, i);
}

KERNEL(map)(PIECE(in), PIECE(out), uint salt) {
  const uint i = INDEX;
  uint key = salt;
  DIGEST(in, key);
  if (HAS(out, i)) AT(out, i) = scramble(key, i);
}

KERNEL(mix)(PIECE(in), PIECE(out), uint salt) {
  const uint i = INDEX;
  uint key = salt;
  DIGEST(in, key);
  if (HAS(out, i)) AT(out, i) = scramble(key + i, AT(out, i));
}

KERNEL(join)(PIECE(a), PIECE(b), PIECE(out), uint salt) {
  const uint i = INDEX;
  uint key = salt;
  DIGEST(a, key);
  DIGEST(b, key);
  if (HAS(out, i)) AT(out, i) = scramble(key, i);
}

KERNEL(bump)(PIECE(out), uint salt) {
  const uint i = INDEX;
  if (HAS(out, i)) AT(out, i) = AT(out, i) + salt;
}

KERNEL(swirl)(PIECE(a), PIECE(b), uint salt) {
  const uint i = INDEX;
  if (HAS(a, i)) AT(a, i) = scramble(AT(a, i) + salt, i);
  if (HAS(b, i)) AT(b, i) = scramble(AT(b, i) ^ salt, i);
}
)";

// As many items as the largest output has words.
LaunchShape items(std::span<const Arg> args) {
  LaunchShape shape;
  shape.global[0] = 0;
  for (const Arg& arg : args)
    if (arg.is_buffer && writes(arg.access))
      shape.global[0] = std::max(shape.global[0], arg.region.size() / sizeof(Word));
  return shape;
}

}  // namespace

void define_drawn_kernels(KernelRegistry& registry) {
  const auto add = [&](auto builder) {
    throw_if_failed(builder.opencl_c(std::string{opencl_prelude} + source)
                        .cuda(std::string{cuda_prelude} + source)
                        .shape(items)
                        .idempotent(true)
                        .into(registry));
  };
  using In = HostView<const Word>;
  using Out = HostView<Word>;
  add(define(make).host([](Out out, Word, Word, Word, Word salt) { do_make(out, salt); }));
  add(define(map_one).host([](In in, Word, Word, Word, Out out, Word, Word, Word, Word salt) {
    do_map(in, out, salt);
  }));
  add(define(mix).host([](In in, Word, Word, Word, Out out, Word, Word, Word, Word salt) {
    do_mix(in, out, salt);
  }));
  add(define(join).host([](In a, Word, Word, Word, In b, Word, Word, Word, Out out, Word, Word,
                           Word, Word salt) { do_join(a, b, out, salt); }));
  add(define(bump).host([](Out out, Word, Word, Word, Word salt) { do_bump(out, salt); }));
  add(define(swirl).host(
      [](Out a, Word, Word, Word, Out b, Word, Word, Word, Word salt) { do_swirl(a, b, salt); }));
}

TaskRef add_step(Graph& graph, const Step& step, const std::vector<View<Word>>& wholes) {
  std::vector<AnyArg> args;
  for (std::size_t i = 0; i < step.pieces.size(); ++i) {
    const Piece& piece = step.pieces[i];
    args.emplace_back(access_of(step, i), view_of(piece, wholes[piece.buffer]));
    for (const std::size_t extent : {piece.cols, piece.rows, piece.pitch})
      args.emplace_back(static_cast<Word>(extent));
  }
  args.emplace_back(step.salt);
  return graph.add(step.kernel, std::span<const AnyArg>{args});
}

}  // namespace troika::oracle
