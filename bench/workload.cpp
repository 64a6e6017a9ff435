#include "bench/workload.h"

#include <algorithm>
#include <array>
#include <random>

namespace troika::bench {
namespace {

using Use = SavedGraph::Use;

// Inner blocking of the triangular factors that QR keeps beside its tiles.
constexpr std::size_t inner_block = 32;

std::string numbered(const char* what, std::size_t row, std::size_t column) {
  std::string name = what;
  name += std::to_string(row);
  name += ',';
  name += std::to_string(column);
  return name;
}

class Builder {
 public:
  explicit Builder(const WorkloadOptions& options) : options_{options}, random_{options.seed} {}

  const WorkloadOptions& options() const { return options_; }
  std::uint32_t tiles() const { return options_.tiles; }
  std::size_t below(std::size_t bound) { return random_() % bound; }
  const std::string& any_kernel() { return options_.kernels[below(options_.kernels.size())]; }
  // What a drawn kernel reads where its shape has nothing for it: no task writes them.
  std::size_t constant(std::size_t number) {
    while (constants_.size() <= number)
      constants_.push_back(tile(numbered("constant", 0, constants_.size())));
    return constants_[number];
  }

  std::size_t tile(const std::string& name) {
    return buffer(name, options_.tile * options_.tile * sizeof(float));
  }
  std::size_t factor(const std::string& name) {
    return buffer(name, options_.tile * std::min(inner_block, options_.tile) * sizeof(float));
  }
  // A square of tiles, by row and column.
  std::vector<std::vector<std::size_t>> matrix(const char* name) {
    std::vector<std::vector<std::size_t>> result(tiles());
    for (std::uint32_t row = 0; row < tiles(); ++row)
      for (std::uint32_t column = 0; column < tiles(); ++column)
        result[row].push_back(tile(numbered(name, row, column)));
    return result;
  }
  std::vector<std::size_t> row(const char* name, std::size_t number, std::size_t count) {
    std::vector<std::size_t> result;
    for (std::size_t i = 0; i < count; ++i) result.push_back(tile(numbered(name, number, i)));
    return result;
  }

  void add(const std::string& kernel, std::vector<Use> uses) {
    graph_.tasks.push_back({kernel, 0, std::move(uses), {}});
  }
  SavedGraph take() { return std::move(graph_); }

 private:
  std::size_t buffer(const std::string& name, std::size_t bytes) {
    graph_.buffers.push_back({name, bytes});
    return graph_.buffers.size() - 1;
  }

  const WorkloadOptions& options_;
  std::mt19937_64 random_;
  std::vector<std::size_t> constants_;
  SavedGraph graph_;
};

Use in(std::size_t buffer) { return {Access::read, buffer}; }
Use out(std::size_t buffer) { return {Access::write, buffer}; }
Use inout(std::size_t buffer) { return {Access::update, buffer}; }

// Right-looking, of the lower triangle.
void cholesky(Builder& b) {
  std::vector<std::vector<std::size_t>> a(b.tiles());
  for (std::uint32_t m = 0; m < b.tiles(); ++m)
    for (std::uint32_t n = 0; n <= m; ++n) a[m].push_back(b.tile(numbered("a", m, n)));
  for (std::uint32_t k = 0; k < b.tiles(); ++k) {
    b.add("potrf", {inout(a[k][k])});
    for (std::uint32_t m = k + 1; m < b.tiles(); ++m) b.add("trsm", {in(a[k][k]), inout(a[m][k])});
    for (std::uint32_t n = k + 1; n < b.tiles(); ++n) {
      b.add("syrk", {in(a[n][k]), inout(a[n][n])});
      for (std::uint32_t m = n + 1; m < b.tiles(); ++m)
        b.add("gemm", {in(a[m][k]), in(a[n][k]), inout(a[m][n])});
    }
  }
}

// Right-looking, without pivoting.
void lu(Builder& b) {
  const auto a = b.matrix("a");
  for (std::uint32_t k = 0; k < b.tiles(); ++k) {
    b.add("getrf", {inout(a[k][k])});
    for (std::uint32_t n = k + 1; n < b.tiles(); ++n)
      b.add("trsm_ll", {in(a[k][k]), inout(a[k][n])});
    for (std::uint32_t m = k + 1; m < b.tiles(); ++m)
      b.add("trsm_ru", {in(a[k][k]), inout(a[m][k])});
    for (std::uint32_t m = k + 1; m < b.tiles(); ++m)
      for (std::uint32_t n = k + 1; n < b.tiles(); ++n)
        b.add("gemm", {in(a[m][k]), in(a[k][n]), inout(a[m][n])});
  }
}

// By a flat tree: each panel is reduced from its diagonal tile downwards.
void qr(Builder& b) {
  const auto a = b.matrix("a");
  std::vector<std::vector<std::size_t>> t(b.tiles());
  for (std::uint32_t m = 0; m < b.tiles(); ++m)
    for (std::uint32_t k = 0; k <= m; ++k) t[m].push_back(b.factor(numbered("t", m, k)));
  for (std::uint32_t k = 0; k < b.tiles(); ++k) {
    b.add("geqrt", {inout(a[k][k]), out(t[k][k])});
    for (std::uint32_t n = k + 1; n < b.tiles(); ++n)
      b.add("ormqr", {in(a[k][k]), in(t[k][k]), inout(a[k][n])});
    for (std::uint32_t m = k + 1; m < b.tiles(); ++m) {
      b.add("tsqrt", {inout(a[k][k]), inout(a[m][k]), out(t[m][k])});
      for (std::uint32_t n = k + 1; n < b.tiles(); ++n)
        b.add("tsmqr", {in(a[m][k]), in(t[m][k]), inout(a[k][n]), inout(a[m][n])});
    }
  }
}

// Each tile after its left and its upper neighbour.
void wavefront(Builder& b) {
  const auto a = b.matrix("a");
  for (std::uint32_t row = 0; row < b.tiles(); ++row)
    for (std::uint32_t column = 0; column < b.tiles(); ++column)
      b.add(b.any_kernel(),
            {in(column == 0 ? b.constant(0) : a[row][column - 1]),
             in(row == 0 ? b.constant(1) : a[row - 1][column]), inout(a[row][column])});
}

// Layers of a width that is drawn, each task after up to two of the layer before.
void layered(Builder& b) {
  std::vector<std::size_t> before = b.row("layer", 0, b.tiles());
  for (std::uint32_t depth = 1; depth <= b.tiles(); ++depth) {
    const std::size_t width = 1 + b.tiles() / 2 + b.below(2 * b.tiles());
    std::vector<std::size_t> layer = b.row("layer", depth, width);
    for (const std::size_t own : layer) {
      const std::size_t one = b.below(before.size()), other = b.below(before.size());
      b.add(b.any_kernel(),
            {in(before[one]), in(one == other ? b.constant(0) : before[other]), inout(own)});
    }
    before = std::move(layer);
  }
}

// One task, then many at once after it, then one after all of them, and so on: it writes what they
// read.
void fork_join(Builder& b) {
  const std::size_t width = std::size_t{2} * b.tiles();
  const std::size_t joined = b.tile("joined");
  const std::vector<std::size_t> parts = b.row("part", 0, width);
  for (std::uint32_t stage = 0; stage < b.tiles(); ++stage) {
    b.add(b.any_kernel(), {in(parts.front()), in(parts.back()), inout(joined)});
    for (const std::size_t part : parts)
      b.add(b.any_kernel(), {in(joined), in(b.constant(0)), inout(part)});
  }
  b.add(b.any_kernel(), {in(parts.front()), in(parts.back()), inout(joined)});
}

// Independent chains; every stage of them is one kernel.
void pipelines(Builder& b) {
  std::vector<std::string> stages;
  for (std::uint32_t s = 0; s < b.tiles(); ++s) stages.push_back(b.any_kernel());
  const std::vector<std::size_t> frames = b.row("frame", 0, std::size_t{4} * b.tiles());
  for (const std::size_t frame : frames)
    for (const std::string& stage : stages)
      b.add(stage, {in(b.constant(0)), in(b.constant(1)), inout(frame)});
}

struct Maker {
  std::string_view name;
  void (*make)(Builder&);
  bool draws;
};

constexpr std::array makers{Maker{"cholesky", cholesky, false},
                            Maker{"lu", lu, false},
                            Maker{"qr", qr, false},
                            Maker{"wavefront", wavefront, true},
                            Maker{"layered", layered, true},
                            Maker{"fork_join", fork_join, true},
                            Maker{"pipelines", pipelines, true}};

constexpr auto names = [] {
  std::array<std::string_view, makers.size()> result;
  for (std::size_t i = 0; i < makers.size(); ++i) result[i] = makers[i].name;
  return result;
}();

}  // namespace

std::span<const std::string_view> workload_names() noexcept { return names; }

Result<SavedGraph> make_workload(std::string_view name, const WorkloadOptions& options) {
  const auto found = std::find_if(makers.begin(), makers.end(),
                                  [&](const Maker& maker) { return maker.name == name; });
  if (found == makers.end()) {
    std::string known;
    for (const std::string_view each : names) {
      if (!known.empty()) known += ", ";
      known += each;
    }
    return Status{Code::not_found,
                  "no workload is called '" + std::string{name} + "'; there are " + known};
  }
  if (found->draws && options.kernels.empty())
    return Status{Code::invalid_argument,
                  "workload " + std::string{name} + ": the machine prices no kernel to draw from"};
  Builder builder{options};
  found->make(builder);
  return builder.take();
}

}  // namespace troika::bench
