// StarPU on CPU workers: tasks without data, ordered by declared dependences, and tasks that are
// ordered by their data.
#include <array>
#include <cstdlib>
#include <span>
#include <vector>

#include <malloc.h>
#include <starpu.h>

#include "bench/peers/peer.h"
#include "bench/peers/starpu_version.h"
#include "bench/peers/tally.h"
#include "runtime/base/error.h"

namespace troika::bench {
namespace {

Tally* tally;  // of the graph that runs

void count_on_cpu(void**, void*) { tally->add(static_cast<unsigned>(starpu_worker_get_id())); }

// A graph is used up by a run: its dependences hold for one submission. Tasks without any are
// submitted again.
class StarpuGraph final : public BuiltGraph {
 public:
  StarpuGraph(const Shape& shape, starpu_codelet& codelet)
      : codelet_{codelet},
        tasks_(shape.tasks),
        predecessors_(shape.tasks),
        tally_{starpu_worker_get_count()} {
    for (const auto& [from, to] : shape.edges) predecessors_[to].push_back(from);
    used_up_by_a_run_ = !shape.edges.empty();
    const std::size_t before = mallinfo2().uordblks;
    create();
    bytes_ = mallinfo2().uordblks - before;
  }
  ~StarpuGraph() override {
    if (!used_up_by_a_run_)
      for (starpu_task* task : tasks_) starpu_task_destroy(task);
    else if (fresh_)
      for (starpu_task* task : tasks_) task->destroy = 0, starpu_task_destroy(task);
  }

  void run() override {
    if (used_up_by_a_run_ && !fresh_) create();
    fresh_ = false;
    tally = &tally_;
    for (starpu_task* task : tasks_)
      if (starpu_task_submit(task) != 0)
        throw Error{Status{Code::kernel_failed, "starpu_task_submit failed"}};
    starpu_task_wait_for_all();
  }
  std::uint64_t tasks_run() const override { return tally_.sum(); }
  std::optional<std::size_t> bytes() const override { return bytes_; }

 private:
  // All of them before the first is submitted: one that is over cannot be named any more.
  void create() {
    for (std::size_t t = 0; t < tasks_.size(); ++t) {
      tasks_[t] = starpu_task_create();
      tasks_[t]->cl = &codelet_;
      tasks_[t]->destroy = used_up_by_a_run_ ? 1 : 0;
      earlier_.clear();
      for (const std::uint32_t predecessor : predecessors_[t])
        earlier_.push_back(tasks_[predecessor]);
      if (!earlier_.empty())
        starpu_task_declare_deps_array(tasks_[t], static_cast<unsigned>(earlier_.size()),
                                       earlier_.data());
    }
    fresh_ = true;
  }

  starpu_codelet& codelet_;
  std::vector<starpu_task*> tasks_;
  std::vector<std::vector<std::uint32_t>> predecessors_;
  std::vector<starpu_task*> earlier_;
  Tally tally_;
  std::size_t bytes_ = 0;
  bool used_up_by_a_run_ = false;
  bool fresh_ = false;  // created, not submitted
};

// Each tile is a piece of data that StarPU knows; tasks are ordered by what they do with it.
class Tiles {
 public:
  explicit Tiles(std::uint32_t count) : bytes_(count * tile_elements), handles_(count) {
    for (std::uint32_t tile = 0; tile < count; ++tile)
      starpu_vector_data_register(&handles_[tile], STARPU_MAIN_RAM,
                                  reinterpret_cast<std::uintptr_t>(&bytes_[tile * tile_elements]),
                                  tile_elements, sizeof(float));
  }
  ~Tiles() {
    for (starpu_data_handle_t handle : handles_) starpu_data_unregister_no_coherency(handle);
  }
  Tiles(const Tiles&) = delete;
  Tiles& operator=(const Tiles&) = delete;

  std::size_t size() const noexcept { return handles_.size(); }
  starpu_data_handle_t operator[](std::uint32_t tile) const noexcept { return handles_[tile]; }

 private:
  static constexpr std::uint32_t tile_elements = 16;
  std::vector<float> bytes_;
  std::vector<starpu_data_handle_t> handles_;
};

class StarpuTiles final : public BuiltGraph {
 public:
  // `codelets` by the number of tiles that a task reads.
  StarpuTiles(const TileGraph& graph, const Tiles& tiles, std::span<starpu_codelet> codelets)
      : graph_{graph}, tiles_{tiles}, codelets_{codelets}, tally_{starpu_worker_get_count()} {}

  void run() override {
    tally = &tally_;
    for (const TileTask& tile_task : graph_.tasks) {
      starpu_task* const task = starpu_task_create();
      task->cl = &codelets_[tile_task.read_count];
      std::size_t handle = 0;
      for (const std::uint32_t tile : tile_task.reads()) task->handles[handle++] = tiles_[tile];
      task->handles[handle] = tiles_[tile_task.updated];
      if (starpu_task_submit(task) != 0)
        throw Error{Status{Code::kernel_failed, "starpu_task_submit failed"}};
    }
    starpu_task_wait_for_all();
  }
  std::uint64_t tasks_run() const override { return tally_.sum(); }
  std::optional<std::size_t> bytes() const override { return std::nullopt; }

 private:
  const TileGraph& graph_;
  const Tiles& tiles_;
  const std::span<starpu_codelet> codelets_;
  Tally tally_;
};

// Counts itself; reads so many pieces of data and updates one more, or touches none.
void describe(starpu_codelet& codelet, int reads, bool updates) {
  starpu_codelet_init(&codelet);
  codelet.where = STARPU_CPU;
  codelet.cpu_funcs[0] = count_on_cpu;
  codelet.nbuffers = updates ? reads + 1 : 0;
  for (int i = 0; i < reads; ++i) codelet.modes[i] = STARPU_R;
  if (updates) codelet.modes[reads] = STARPU_RW;
  codelet.name = "nothing";
}

class Starpu final : public Peer {
 public:
  explicit Starpu(unsigned threads) {
    setenv("STARPU_SILENT", "1", 0);
    starpu_conf conf;
    starpu_conf_init(&conf);
    conf.ncpus = static_cast<int>(threads);
    conf.ncuda = 0;
    conf.nopencl = 0;
    conf.bus_calibrate = 0;
    conf.sched_policy_name = policy;
    if (starpu_init(&conf) != 0) throw Error{Status{Code::unavailable, "starpu_init failed"}};
    starpu_profiling_status_set(STARPU_PROFILING_DISABLE);
    describe(codelet_, 0, false);
    for (int reads = 0; reads < static_cast<int>(tile_codelets_.size()); ++reads)
      describe(tile_codelets_[static_cast<std::size_t>(reads)], reads, true);
    starpu_pause();
  }
  ~Starpu() override {
    starpu_resume();
    tiles_.reset();
    starpu_shutdown();
  }
  const char* name() const override { return "starpu"; }
  std::string about() const override {
    return starpu_version() + ", " + std::to_string(starpu_cpu_worker_get_count()) +
           " CPU workers, scheduler " + policy +
           ", no profiling and no calibration; with edges every run builds anew";
  }
  std::unique_ptr<BuiltGraph> build(const Shape& shape) override {
    return std::make_unique<StarpuGraph>(shape, codelet_);
  }
  std::unique_ptr<BuiltGraph> build_tiles(const TileGraph& graph) override {
    if (!tiles_ || tiles_->size() != graph.tiles) tiles_ = std::make_unique<Tiles>(graph.tiles);
    return std::make_unique<StarpuTiles>(graph, *tiles_, tile_codelets_);
  }
  bool infers() const override { return true; }
  std::uint32_t scaled_down() const override { return 10; }
  void resume() override { starpu_resume(); }
  void pause() override { starpu_pause(); }

 private:
  static constexpr const char* policy = "eager";
  starpu_codelet codelet_;
  std::array<starpu_codelet, 3> tile_codelets_;  // by the number of tiles that are read
  std::unique_ptr<Tiles> tiles_;                 // the latest
};

}  // namespace

MaybePeer make_starpu(unsigned threads) {
  return std::unique_ptr<Peer>{std::make_unique<Starpu>(threads)};
}

}  // namespace troika::bench
