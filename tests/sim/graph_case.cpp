#include "tests/sim/graph_case.h"

namespace troika::oracle {
namespace {

Word scramble(Word a, Word b) {
  Word x = a * 0x9E3779B1U ^ (b + 0x85EBCA6BU + (a << 6) + (a >> 2));
  x ^= x >> 15;
  return x * 0x2C1B3C6DU;
}

Word digest(HostView<const Word> in, Word salt) {
  Word sum = salt;
  for (std::size_t y = 0; y < in.rows(); ++y)
    for (const Word word : in.row(y)) sum = scramble(sum, word);
  return sum;
}

template <class F>
void each(HostView<Word> out, F&& next) {
  Word i = 0;
  for (std::size_t y = 0; y < out.rows(); ++y)
    for (Word& word : out.row(y)) word = next(word, i++);
}

HostView<Word> view_of(const Piece& piece, std::vector<std::vector<Word>>& buffers) {
  return {buffers[piece.buffer].data() + piece.first, piece.cols, piece.rows,
          piece.pitch * sizeof(Word)};
}
HostView<const Word> read_view_of(const Piece& piece, std::vector<std::vector<Word>>& buffers) {
  const HostView<Word> view = view_of(piece, buffers);
  return {view.data(), view.cols(), view.rows(), view.pitch_bytes()};
}

bool share_words(const Piece& a, const Piece& b) {
  const auto region = [](const Piece& p) {
    return Region::rectangle(p.first * 4, p.cols * 4, p.rows, p.pitch * 4);
  };
  return a.buffer == b.buffer && overlap(region(a), region(b));
}

}  // namespace

void do_make(HostView<Word> out, Word salt) {
  each(out, [&](Word, Word i) { return scramble(salt, i); });
}
void do_map(HostView<const Word> in, HostView<Word> out, Word salt) {
  const Word key = digest(in, salt);
  each(out, [&](Word, Word i) { return scramble(key, i); });
}
void do_mix(HostView<const Word> in, HostView<Word> out, Word salt) {
  const Word key = digest(in, salt);
  each(out, [&](Word old, Word i) { return scramble(key + i, old); });
}
void do_join(HostView<const Word> a, HostView<const Word> b, HostView<Word> out, Word salt) {
  const Word key = digest(b, digest(a, salt));
  each(out, [&](Word, Word i) { return scramble(key, i); });
}
void do_bump(HostView<Word> out, Word salt) {
  each(out, [&](Word old, Word) { return old + salt; });
}
void do_swirl(HostView<Word> a, HostView<Word> b, Word salt) {
  each(a, [&](Word old, Word i) { return scramble(old + salt, i); });
  each(b, [&](Word old, Word i) { return scramble(old ^ salt, i); });
}

View<Word> view_of(const Piece& piece, const View<Word>& whole) {
  return piece.rows == 1 ? whole.slice(piece.first, piece.cols)
                         : whole.tile(piece.first, piece.cols, piece.rows, piece.pitch);
}

Access access_of(const Step& step, std::size_t piece) {
  if (step.kernel == "bump") return Access::commute;
  if (step.kernel == "swirl") return Access::update;
  if (piece + 1 < step.pieces.size()) return Access::read;
  return step.kernel == "mix" || step.kernel == "split" ? Access::update : Access::write;
}

void run_serially(const Step& step, std::vector<std::vector<Word>>& buffers) {
  const auto& p = step.pieces;
  if (step.kernel == "make") do_make(view_of(p[0], buffers), step.salt);
  else if (step.kernel == "map")
    do_map(read_view_of(p[0], buffers), view_of(p[1], buffers), step.salt);
  else if (step.kernel == "mix" || step.kernel == "split")
    do_mix(read_view_of(p[0], buffers), view_of(p[1], buffers), step.salt);
  else if (step.kernel == "join")
    do_join(read_view_of(p[0], buffers), read_view_of(p[1], buffers), view_of(p[2], buffers),
            step.salt);
  else if (step.kernel == "bump") do_bump(view_of(p[0], buffers), step.salt);
  else if (step.kernel == "swirl")
    do_swirl(view_of(p[0], buffers), view_of(p[1], buffers), step.salt);
  for (const Step& child : step.children) run_serially(child, buffers);
}

GraphCase draw_graph(Random& random, const std::vector<std::size_t>& buffer_words,
                     const std::vector<std::size_t>& pitches, std::size_t tasks, Word& next_salt,
                     bool may_split) {
  GraphCase result;
  std::vector<std::size_t> words = buffer_words, pitch = pitches;
  for (std::size_t i = random.below(3); i-- > 0;) {
    result.scratch.push_back(random.between(16, 256));
    words.push_back(result.scratch.back());
    pitch.push_back(random.chance(0.5) ? random.between(3, 12) : 0);
  }
  // Scratch is only read where it was written: whole, at first.
  for (std::size_t s = buffer_words.size(); s < words.size(); ++s)
    result.steps.push_back({"make", {{s, 0, words[s], 1, words[s]}}, next_salt++, {}});

  const auto piece = [&] {
    Piece p{};
    p.buffer = random.below(words.size());
    const std::size_t n = words[p.buffer], row = pitch[p.buffer];
    if (row != 0 && n >= 2 * row && random.chance(0.7)) {
      const std::size_t rows = n / row;
      const std::size_t x = random.below(row), y = random.below(rows);
      p.cols = random.between(1, row - x);
      p.rows = random.between(1, rows - y);
      p.first = y * row + x;
      p.pitch = row;
    } else {
      p.first = random.chance(0.5) ? 0 : random.below(n);
      p.cols = random.chance(0.4) ? n - p.first : random.between(1, n - p.first);
      p.rows = 1;
      p.pitch = p.cols;
    }
    return p;
  };
  const char* names[] = {"make", "map", "mix", "join", "bump", "swirl"};
  const std::size_t counts[] = {1, 2, 2, 3, 1, 2};
  const std::size_t outputs[] = {1, 1, 1, 1, 1, 2};
  for (std::size_t t = 0; t < tasks; ++t) {
    Step step;
    const std::size_t k = random.below(6);
    step.kernel = names[k];
    step.salt = next_salt++;
    for (int attempt = 0; attempt < 50; ++attempt) {
      step.pieces.clear();
      for (std::size_t i = 0; i < counts[k]; ++i) step.pieces.push_back(piece());
      // Within one task nothing that is written overlaps anything else.
      bool clean = true;
      for (std::size_t o = counts[k] - outputs[k]; o < counts[k]; ++o)
        for (std::size_t i = 0; i < counts[k]; ++i)
          clean = clean && (i == o || !share_words(step.pieces[i], step.pieces[o]));
      if (clean) break;
      step.pieces.clear();
    }
    if (step.pieces.empty()) continue;
    // A sub-graph names the user's buffers only.
    if (may_split && step.kernel == "mix" && random.chance(0.3) &&
        step.pieces[1].buffer < buffer_words.size() &&
        step.pieces[0].buffer < buffer_words.size()) {
      step.kernel = "split";
      const Piece& whole = step.pieces[1];
      for (std::size_t c = random.between(1, 3); c-- > 0;) {
        Piece part = whole;
        part.rows = 1;
        part.first += random.below(whole.rows) * whole.pitch;
        part.pitch = part.cols;
        if (random.chance(0.5)) {
          step.children.push_back({"bump", {part}, next_salt++, {}});
        } else {
          step.children.push_back({"mix", {step.pieces[0], part}, next_salt++, {}});
        }
      }
    }
    result.steps.push_back(std::move(step));
  }
  return result;
}

}  // namespace troika::oracle
