// OpenMP's tasks with dependences: it keeps no graph, so that every run builds anew.
#include <array>

#include <omp.h>

#include "bench/peers/peer.h"
#include "bench/peers/tally.h"
#include "runtime/base/error.h"

namespace troika::bench {
namespace {

// The addresses that a task's depend clause names.
struct Dependences {
  std::array<const char*, 3> in{};
  std::uint8_t count = 0;
  bool followed = false;
};

class OpenMpGraph final : public BuiltGraph {
 public:
  OpenMpGraph(const Shape& shape, unsigned threads)
      : threads_{static_cast<int>(threads)},
        tally_{threads},
        dependences_(shape.tasks),
        done_(shape.tasks) {
    for (const auto& [from, to] : shape.edges) {
      Dependences& task = dependences_[to];
      if (task.count == task.in.size())
        throw Error{Status{Code::unsupported, "openmp: a task with more than three predecessors"}};
      task.in[task.count++] = &done_[from];
      dependences_[from].followed = true;
    }
  }

  void run() override {
#pragma omp parallel num_threads(threads_)
#pragma omp single
    for (std::size_t task = 0; task < dependences_.size(); ++task)
      create(dependences_[task], &done_[task]);
  }

  std::uint64_t tasks_run() const override { return tally_.sum(); }
  std::optional<std::size_t> bytes() const override { return std::nullopt; }

 private:
  // A clause has a fixed number of addresses, and those that nobody waits for cost, too.
  void create(const Dependences& task, [[maybe_unused]] const char* out) {
    [[maybe_unused]] const char* const* const in = task.in.data();
    switch (task.count) {
      case 0:
        if (task.followed) {
#pragma omp task depend(out : out[0])
          count();
        } else {
#pragma omp task
          count();
        }
        break;
      case 1:
#pragma omp task depend(in : in[0][0]) depend(out : out[0])
        count();
        break;
      case 2:
#pragma omp task depend(in : in[0][0], in[1][0]) depend(out : out[0])
        count();
        break;
      default:
#pragma omp task depend(in : in[0][0], in[1][0], in[2][0]) depend(out : out[0])
        count();
    }
  }
  void count() noexcept { tally_.add(static_cast<unsigned>(omp_get_thread_num())); }

  const int threads_;
  Tally tally_;
  std::vector<Dependences> dependences_;
  std::vector<char> done_;  // only their addresses are used
};

// Ordered by the tiles themselves.
class OpenMpTiles final : public BuiltGraph {
 public:
  OpenMpTiles(const TileGraph& graph, unsigned threads)
      : threads_{static_cast<int>(threads)}, tally_{threads}, graph_{graph}, tiles_(graph.tiles) {}

  void run() override {
#pragma omp parallel num_threads(threads_)
#pragma omp single
    for (const TileTask& task : graph_.tasks) create(task);
  }
  std::uint64_t tasks_run() const override { return tally_.sum(); }
  std::optional<std::size_t> bytes() const override { return std::nullopt; }

 private:
  void create(const TileTask& task) {
    [[maybe_unused]] const char* const updated = &tiles_[task.updated];
    [[maybe_unused]] const char* const first = &tiles_[task.read[0]];
    [[maybe_unused]] const char* const second = &tiles_[task.read[1]];
    switch (task.read_count) {
      case 0:
#pragma omp task depend(inout : updated[0])
        count();
        break;
      case 1:
#pragma omp task depend(in : first[0]) depend(inout : updated[0])
        count();
        break;
      default:
#pragma omp task depend(in : first[0], second[0]) depend(inout : updated[0])
        count();
    }
  }
  void count() noexcept { tally_.add(static_cast<unsigned>(omp_get_thread_num())); }

  const int threads_;
  Tally tally_;
  const TileGraph& graph_;
  std::vector<char> tiles_;  // only their addresses are used
};

class OpenMp final : public Peer {
 public:
  explicit OpenMp(unsigned threads) : threads_{threads} {}
  const char* name() const override { return "openmp"; }
  std::string about() const override {
    return "tasks with depend clauses, OpenMP " + std::to_string(_OPENMP) + " of GCC " +
           std::to_string(__GNUC__) + "." + std::to_string(__GNUC_MINOR__) +
           "; keeps no graph: every run builds anew, and tasks may run at once when created";
  }
  std::unique_ptr<BuiltGraph> build(const Shape& shape) override {
    return std::make_unique<OpenMpGraph>(shape, threads_);
  }
  std::unique_ptr<BuiltGraph> build_tiles(const TileGraph& graph) override {
    return std::make_unique<OpenMpTiles>(graph, threads_);
  }
  bool infers() const override { return true; }
  // Its threads spin behind a parallel region; ended, they are made anew before the next sample.
  void resume() override {
    const int wanted = static_cast<int>(threads_);
    int came = 0;
#pragma omp parallel num_threads(wanted) reduction(+ : came)
    came += 1;
    if (came != wanted)
      throw Error{Status{Code::exhausted, "openmp: only " + std::to_string(came) + " of " +
                                              std::to_string(wanted) + " threads came"}};
  }
  void pause() override { omp_pause_resource_all(omp_pause_soft); }

 private:
  unsigned threads_;
};

}  // namespace

std::unique_ptr<Peer> make_openmp(unsigned threads) { return std::make_unique<OpenMp>(threads); }

}  // namespace troika::bench
