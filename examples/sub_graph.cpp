// A task that finds out what there is to do only when it runs, and submits that as a sub-graph. It
// is over when the sub-graph is; whoever reads the result waits for both.
//
//             ┌─> double piece 0 ─┐
//   split ────┼─> double piece 1 ─┼──> (split is over) ──> sum
//             └─> ...            ─┘
#include <algorithm>
#include <cstdio>
#include <numeric>
#include <vector>

#include "runtime/troika.h"

using namespace troika;

inline constexpr Kernel<void(Update<int>)> split{"split"};
inline constexpr Kernel<void(Update<int>)> twice{"twice"};
inline constexpr Kernel<void(Read<int>, Write<int>)> sum{"sum"};

int main() {
  const std::size_t n = 1'000;
  std::vector<int> numbers(n);
  std::iota(numbers.begin(), numbers.end(), 1);

  Runtime rt;
  auto data = rt.adopt(std::span(numbers));
  auto total = rt.buffer<int>(1);
  const auto split_host = [data](TaskContext& task, HostView<int> all) {
    const std::size_t piece = all.size() / 7;
    Graph pieces;
    for (std::size_t at = 0; at < all.size(); at += piece)
      pieces.add(twice, data.slice(at, std::min(piece, all.size() - at)));
    task.submit(pieces);
  };
  throw_if_failed(define(split).host(split_host).into(rt.kernels()));
  throw_if_failed(define(twice)
                      .host([](HostView<int> some) {
                        for (int& v : some) v *= 2;
                      })
                      .into(rt.kernels()));
  throw_if_failed(define(sum)
                      .host([](HostView<const int> all, HostView<int> out) {
                        out[0] = std::accumulate(all.begin(), all.end(), 0);
                      })
                      .into(rt.kernels()));

  Graph g;
  g.add(split, data);
  g.add(sum, data, total);
  rt.run(g).wait();
  std::printf("the sum is %d\n", total.read()[0]);
  return total.read()[0] == 1'001'000 ? 0 : 1;
}
