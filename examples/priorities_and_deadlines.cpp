// Tasks of one worker, in the order in which it takes them: the class first, then the nearest
// deadline within a class, whatever the order in which they were added.
//
//            ┌─> background (low)
//   gate ────┼─> later  (normal, 2 s)
//            ├─> sooner (normal, 1 s)
//            └─> urgent (high)
#include <cstdio>
#include <string>
#include <vector>

#include "runtime/troika.h"

using namespace troika;
using namespace std::chrono_literals;

// Each works on a buffer of its own and reads the gate, so that only the gate holds it back.
inline constexpr Kernel<void(Update<int>)> gate{"gate"};
inline constexpr Kernel<void(Read<int>, Write<int>, int)> note{"note"};

int main() {
  RuntimeOptions options;
  options.workers = 1;
  options.devices = {"host"};
  Runtime rt{options};
  std::string order;  // one worker writes it
  throw_if_failed(define(gate).host([](HostView<int>) {}).into(rt.kernels()));
  throw_if_failed(define(note)
                      .host([&order](HostView<const int>, HostView<int> out, int name) {
                        out[0] = name;
                        order += static_cast<char>(name);
                      })
                      .into(rt.kernels()));

  auto opened = rt.buffer<int>(1);
  opened.write()[0] = 0;
  std::vector<Buffer<int>> out;
  for (int i = 0; i < 4; ++i) out.push_back(rt.buffer<int>(1));
  Graph g;
  g.add(gate, opened);
  g.add(note, opened, out[0], 'b').priority(Priority::low);
  g.add(note, opened, out[1], 'l').deadline(2s);
  g.add(note, opened, out[2], 's').deadline(1s);
  g.add(note, opened, out[3], 'u').priority(Priority::high);
  rt.run(g).wait();

  std::printf("order: %s\n", order.c_str());
  return order == "uslb" ? 0 : 1;
}
