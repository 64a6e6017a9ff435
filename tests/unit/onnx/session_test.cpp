// Runs of a model: their results, where these lie, and what is refused.
#include "serving/onnx/session.h"

#include <array>
#include <atomic>
#include <barrier>
#include <thread>

#include "tests/unit/exec/rig.h"
#include "tests/unit/onnx/models.h"

namespace troika::onnx {
namespace {

constexpr std::array<float, 6> mlp_input{1, 2, 3, 0, 4, -1};
// By hand: relu([7.5 -4; -1.5 7]) is [7.5 0; 0 7], times w2 plus b2 [16 12.5; 22 -2].
const std::vector<float> mlp_result{16, 12.5, 22, 0};

class Sessions : public HostRuntime {
 protected:
  explicit Sessions(unsigned workers = 2) : HostRuntime{workers} {}
};

TEST_F(Sessions, two_dense_layers_equal_the_result_by_hand) {
  Session session{*runtime, load(mlp_model())};
  auto x = mlp_input;
  const std::vector<Tensor> results = session.run({{TensorRef{{2, 3}, x.data()}}});
  ASSERT_EQ(results.size(), 1u);
  EXPECT_EQ(results[0].dims, (Dims{2, 2}));
  const auto y = results[0].as<float>();
  EXPECT_EQ((std::vector<float>{y.begin(), y.end()}), mlp_result);
}

TEST_F(Sessions, a_layer_and_its_activation_are_one_step) {
  Session session{*runtime, load(mlp_model())};
  EXPECT_EQ(session.explain({{2, 3}}),
            "onnx.matmul_add.f32 2x2 node 'layer1' (Gemm)\n"
            "onnx.matmul_add.f32 2x2 node 'layer2' (Gemm)\n");
}

TEST_F(Sessions, outputs_lie_in_the_callers_memory_and_nothing_beside_them_changes) {
  Session session{*runtime, load(mlp_model())};
  auto x = mlp_input;
  std::vector<float> memory(32, -7);
  session.run({{TensorRef{{2, 3}, x.data()}}}, {{TensorRef{{2, 2}, memory.data() + 16}}});
  std::vector<float> expected(32, -7);
  std::ranges::copy(mlp_result, expected.begin() + 16);
  EXPECT_EQ(memory, expected);
  EXPECT_EQ(x, mlp_input);
}

TEST_F(Sessions, threads_with_memory_of_their_own_share_a_session) {
  constexpr int threads = 4, runs = 50;
  Session session{*runtime, load(mlp_model())};
  std::barrier start{threads};
  std::atomic<int> wrong{0};
  {
    std::vector<std::jthread> all;
    for (int t = 0; t < threads; ++t)
      all.emplace_back([&] {
        auto x = mlp_input;
        start.arrive_and_wait();
        for (int i = 0; i < runs; ++i) {
          std::vector<float> y(4);
          session.run({{TensorRef{{2, 3}, x.data()}}}, {{TensorRef{{2, 2}, y.data()}}});
          if (y != mlp_result) wrong += 1;
        }
      });
  }
  EXPECT_EQ(wrong, 0);
}

// What a run without a waiter tells, and whether these bytes are then free.
class Told final : public Completion {
 public:
  Told(Runtime& runtime, std::span<float> memory) : runtime_{runtime}, memory_{memory} {}

  void done(const Status& outcome) noexcept override {
    told = outcome.ok() ? error_of([&] { runtime_.adopt(memory_); }) : outcome.to_string();
    is_told.set();
  }

  std::string told;
  Event is_told;

 private:
  Runtime& runtime_;
  std::span<float> memory_;
};

TEST_F(Sessions, who_does_not_wait_is_told_when_the_memory_is_his_again) {
  Session session{*runtime, load(mlp_model())};
  auto x = mlp_input;
  std::vector<float> y(4);
  Told told{*runtime, y};
  session.start({{TensorRef{{2, 3}, x.data()}}}, {{TensorRef{{2, 2}, y.data()}}}, Priority::high,
                told);
  told.is_told.wait();
  EXPECT_EQ(told.told, "no error");
  EXPECT_EQ(y, mlp_result);
}

TEST_F(Sessions, a_guest_of_the_workers_computes_and_is_told_on_its_own_thread) {
  class Here final : public Completion {
   public:
    void done(const Status& outcome) noexcept override {
      ok = outcome.ok();
      on = std::this_thread::get_id();
      told.set();
    }
    bool ok = false;
    std::thread::id on;
    Event told;
  };
  Session session{*runtime, load(mlp_model())};
  auto x = mlp_input;
  std::vector<float> y(4);
  std::thread::id on;
  // A worker that is still about may take the run before we do.
  for (int attempt = 0; attempt < 1'000 && on != std::this_thread::get_id(); ++attempt) {
    Here here;
    {
      const Guest guest{*runtime->core()->workers()};
      session.start({{TensorRef{{2, 3}, x.data()}}}, {{TensorRef{{2, 2}, y.data()}}},
                    Priority::normal, here);
    }
    here.told.wait();
    EXPECT_TRUE(here.ok);
    on = here.on;
  }
  EXPECT_EQ(on, std::this_thread::get_id());
  EXPECT_EQ(y, mlp_result);
}

TEST_F(Sessions, sessions_with_common_adoptions_read_the_same_input_at_once) {
  const auto adoptions = std::make_shared<Adoptions>(*runtime);
  SessionOptions options;
  options.adoptions = adoptions;
  Session one{*runtime, load(mlp_model()), options}, other{*runtime, load(mlp_model()), options};
  auto x = mlp_input;
  std::vector<float> y(4), z(4);
  const TensorRef in{{2, 3}, x.data()};
  {
    const auto use = adoptions->adopt(std::as_writable_bytes(std::span{x}));
    one.run({{in}}, {{TensorRef{{2, 2}, y.data()}}});
    other.run({{in}}, {{TensorRef{{2, 2}, z.data()}}});
  }
  EXPECT_EQ(y, mlp_result);
  EXPECT_EQ(z, mlp_result);
  EXPECT_NO_THROW(runtime->adopt(std::span{x}));
}

class Refusals : public Sessions {
 protected:
  std::string refusal_of(const std::vector<TensorRef>& inputs,
                         const std::vector<TensorRef>& outputs) {
    return error_of([&] { session.run(inputs, outputs); });
  }

  std::array<float, 16> x{}, y{};
  Session session{*runtime, load(mlp_model())};
};

TEST_F(Refusals, inputs_that_do_not_fit_are_refused_by_name) {
  const TensorRef out{{2, 2}, y.data()};
  EXPECT_EQ(refusal_of({{{2, 4}, x.data()}}, {out}),
            "invalid_argument: input 'x' is -1x3 (-1: any), given 2x4");
  EXPECT_EQ(refusal_of({{{3}, x.data()}}, {out}),
            "invalid_argument: input 'x' is -1x3 (-1: any), given 3");
  EXPECT_EQ(refusal_of({{{-2, 3}, x.data()}}, {out}),
            "invalid_argument: input 'x' is -1x3 (-1: any), given -2x3");
  EXPECT_EQ(
      refusal_of({{ElementType::i32, {2, 3}, std::as_writable_bytes(std::span{x}).data()}}, {out}),
      "invalid_argument: input 'x' is f32, given i32");
  EXPECT_EQ(refusal_of({{ElementType::f32, {2, 3}, nullptr}}, {out}),
            "invalid_argument: input 'x' has no memory");
  EXPECT_EQ(refusal_of({}, {out}), "invalid_argument: 0 inputs, the model has 1");
}

TEST_F(Refusals, outputs_that_do_not_fit_are_refused_by_name) {
  const TensorRef in{{2, 3}, x.data()};
  EXPECT_EQ(refusal_of({in}, {{{2, 3}, y.data()}}),
            "invalid_argument: output 'y' is 2x2 (-1: any), given 2x3");
  EXPECT_EQ(refusal_of({in}, {}), "invalid_argument: 0 outputs, the model has 1");
}

// One worker, which a kernel keeps until the test lets it go.
class HeldRuns : public Sessions {
 protected:
  static constexpr Kernel<void(Update<int>)> holds{"holds"};

  HeldRuns() : Sessions{1} {}
  void SetUp() override {
    define_host(holds, [this](HostView<int>) { let_go.wait(false); });
    Graph graph;
    graph.add(holds, held);
    holding = runtime->run(graph);
  }
  void TearDown() override {
    release();
    holding->wait();
  }
  void release() {
    let_go = true;
    let_go.notify_all();
  }

  std::atomic<bool> let_go{false};
  Buffer<int> held = buffer_of({0});
  std::optional<Run> holding;
};

TEST_F(HeldRuns, a_run_that_is_destroyed_without_a_wait_has_ended) {
  Session session{*runtime, load(mlp_model())};
  auto x = mlp_input;
  std::vector<float> y(4);
  {
    const Pending pending =
        session.start({{TensorRef{{2, 3}, x.data()}}}, {{TensorRef{{2, 2}, y.data()}}});
    release();
  }
  EXPECT_EQ(y, mlp_result);
}

}  // namespace
}  // namespace troika::onnx
