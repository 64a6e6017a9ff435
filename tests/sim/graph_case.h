// Graphs drawn from a seed, what their kernels compute, and what a serial run of them leaves.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "runtime/graph/typed.h"
#include "runtime/graph/view.h"

namespace troika::oracle {

using Word = std::uint32_t;

class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_{seed} {}
  std::size_t below(std::size_t n) { return static_cast<std::size_t>(engine_() % n); }
  std::size_t between(std::size_t low, std::size_t high) { return low + below(high - low + 1); }
  bool chance(double p) { return static_cast<double>(engine_() % 1'000'000) < p * 1e6; }

 private:
  std::mt19937_64 engine_;
};

// A rectangle of words of one of the case's buffers.
struct Piece {
  std::size_t buffer;  // index into the case's buffers, then its scratches
  std::size_t first, cols, rows, pitch;
};

// One task as the serial oracle runs it.
struct Step {
  std::string kernel;
  std::vector<Piece> pieces;
  Word salt;
  std::vector<Step> children;  // of "split"
};

View<Word> view_of(const Piece& piece, const View<Word>& whole);
// How the step's kernel touches its i-th piece.
Access access_of(const Step& step, std::size_t piece);

// The same functions that devices run, on plain arrays.
void run_serially(const Step& step, std::vector<std::vector<Word>>& buffers);

struct GraphCase {
  std::vector<Step> steps;           // in program order
  std::vector<std::size_t> scratch;  // words of each scratch
};
GraphCase draw_graph(Random& random, const std::vector<std::size_t>& buffer_words,
                     const std::vector<std::size_t>& pitches, std::size_t tasks, Word& next_salt,
                     bool may_split);

// The kernels: each output word depends on every word it reads, its old value and the salt.
void do_make(HostView<Word> out, Word salt);
void do_map(HostView<const Word> in, HostView<Word> out, Word salt);
void do_mix(HostView<const Word> in, HostView<Word> out, Word salt);
void do_join(HostView<const Word> a, HostView<const Word> b, HostView<Word> out, Word salt);
void do_bump(HostView<Word> out, Word salt);
void do_swirl(HostView<Word> a, HostView<Word> b, Word salt);

}  // namespace troika::oracle
