// Whoever runs graphs of empty tasks: a runtime in this process, or a program that is asked to.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "bench/peers/peer.h"

namespace troika::bench {

// Nanoseconds a task.
struct Sample {
  double build = 0;   // with the first run
  double replay = 0;  // the median of some
  std::optional<double> bytes;
};

class Contestant {
 public:
  virtual ~Contestant() = default;
  virtual std::string name() const = 0;
  virtual std::string about() const = 0;
  virtual std::uint32_t scaled_down() const = 0;
  // Throws when a task was lost. `shape` is the graph of that name.
  virtual Sample sample(const GraphName& graph, const Shape& shape) = 0;
};

std::unique_ptr<Contestant> in_this_process(std::unique_ptr<Peer> peer);
// Of a program that talks as serve() does. Code::unavailable when it cannot be started.
Result<std::unique_ptr<Contestant>> in_program(std::string name,
                                               const std::filesystem::path& program,
                                               unsigned threads);

// The other side of in_program(): says who it is, then answers each line of standard input, a graph
// and its tasks, with a line of figures, until that ends.
void serve(Contestant& contestant);

}  // namespace troika::bench
