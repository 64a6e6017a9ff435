// The backend through its C interface, on a server of our own making.
#include <array>
#include <fstream>
#include <list>

#include <gmock/gmock.h>

#include "serving/triton/engine.h"
#include "serving/triton/request.h"
#include "tests/temporary_folder.h"
#include "tests/unit/onnx/models.h"
#include "tests/unit/triton/fake_server.h"

extern "C" {
TRITONSERVER_Error* TRITONBACKEND_Initialize(TRITONBACKEND_Backend* backend);
TRITONSERVER_Error* TRITONBACKEND_Finalize(TRITONBACKEND_Backend* backend);
TRITONSERVER_Error* TRITONBACKEND_ModelInitialize(TRITONBACKEND_Model* model);
TRITONSERVER_Error* TRITONBACKEND_ModelFinalize(TRITONBACKEND_Model* model);
TRITONSERVER_Error* TRITONBACKEND_ModelInstanceInitialize(TRITONBACKEND_ModelInstance* instance);
TRITONSERVER_Error* TRITONBACKEND_ModelInstanceFinalize(TRITONBACKEND_ModelInstance* instance);
TRITONSERVER_Error* TRITONBACKEND_ModelInstanceExecute(TRITONBACKEND_ModelInstance* instance,
                                                       TRITONBACKEND_Request** requests,
                                                       std::uint32_t count);
}

namespace troika::triton {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Row = std::array<float, 3>;
using Result = std::vector<float>;

// By hand: see tests/unit/onnx/session_test.cpp.
constexpr Row first{1, 2, 3}, second{0, 4, -1};
const Result of_first{16, 12.5}, of_second{22, 0};

// One request: rows for input x, memory for output y.
struct Asked {
  explicit Asked(std::vector<Row> given) : rows{std::move(given)}, y(2 * rows.size()) {
    const auto bytes = std::as_bytes(std::span{rows});
    TRITONBACKEND_Input& x = request.inputs.emplace_back();
    x.name = "x";
    x.dims = {static_cast<std::int64_t>(rows.size()), 3};
    x.bytes = bytes.size();
    x.parts = {{bytes.data(), bytes.size()}};
    request.wanted["y"] = y.data();
  }
  TRITONBACKEND_Input& x() { return request.inputs.front(); }
  void wait() { request.released.get_future().wait(); }
  // Until the backend has looked whether it is wanted, and done what it then does: the first look
  // that is counted may have begun before, and the second may be under way until the third.
  void wait_for_a_look() {
    const int before = request.times_asked;
    for (int now = before; now < before + 3; now = request.times_asked)
      request.times_asked.wait(now);
  }

  std::vector<Row> rows;
  Result y;
  TRITONBACKEND_Request request;
};

class Served : public testing::Test {
 protected:
  static constexpr Kernel<void(Update<std::byte>)> holds{"holds"};

  void SetUp() override {
    backend.config.text = R"({"cmdline": {"workers": "1", "devices": "host"}})";
    ASSERT_EQ(TRITONBACKEND_Initialize(&backend), nullptr);
    throw_if_failed(define(holds)
                        .host([this](HostView<std::byte>) { let_go.wait(false); })
                        .into(static_cast<Engine*>(backend.state)->runtime.kernels()));
    model.backend = &backend;
    model.folder = folder.path();
    std::filesystem::create_directory(folder / "1");
    std::ofstream{folder / "1/model.onnx", std::ios::binary}
        << onnx::mlp_model().SerializeAsString();
    load(R"({"name": "model", "max_batch_size": 8})");
  }
  void TearDown() override {
    release();
    unload();
    EXPECT_EQ(TRITONBACKEND_Finalize(&backend), nullptr);
    EXPECT_EQ(errors_alive, 0);
    EXPECT_EQ(messages_alive, 0);
    for (Asked& each : asked) EXPECT_EQ(each.request.answers, 1);
  }

  void load(const std::string& config) {
    unload();
    model.config = config;
    ASSERT_EQ(TRITONBACKEND_ModelInitialize(&model), nullptr);
    instance = std::make_unique<TRITONBACKEND_ModelInstance>();
    instance->model = &model;
    ASSERT_EQ(TRITONBACKEND_ModelInstanceInitialize(instance.get()), nullptr);
    in_place = counted("troika_in_place_bytes_total");
    copied = counted("troika_copied_bytes_total");
  }
  void unload() {
    if (instance == nullptr) return;
    EXPECT_EQ(TRITONBACKEND_ModelInstanceFinalize(instance.get()), nullptr);
    EXPECT_EQ(TRITONBACKEND_ModelFinalize(&model), nullptr);
    instance = nullptr;
  }

  Asked& ask(std::vector<Row> rows) { return asked.emplace_back(std::move(rows)); }
  // All that were asked and not yet executed, in one call, as a batch of the server's.
  void execute() {
    std::vector<TRITONBACKEND_Request*> requests;
    for (Asked& each : asked)
      if (executed.insert(&each).second) requests.push_back(&each.request);
    ASSERT_EQ(TRITONBACKEND_ModelInstanceExecute(instance.get(), requests.data(),
                                                 static_cast<std::uint32_t>(requests.size())),
              nullptr);
    std::ranges::fill(requests, nullptr);  // the array is the server's again
  }
  void answer() {
    execute();
    for (Asked& each : asked) each.wait();
  }

  // Runs that read the request's input in place wait until the test lets them go.
  void hold(Asked& request) {
    Engine& engine = *static_cast<Engine*>(backend.state);
    const auto memory = std::as_writable_bytes(std::span{request.rows});
    held.emplace(engine.adoptions->adopt({memory.data(), memory.size()}));
    Graph graph;
    graph.add(holds, held->buffer());
    holding = engine.runtime.run(graph);
    execute();
  }
  void release() {
    let_go = true;
    let_go.notify_all();
    if (holding) holding->wait();
    holding.reset();
    held.reset();
  }

  const TemporaryFolder folder;
  TRITONBACKEND_Backend backend;
  TRITONBACKEND_Model model;
  std::unique_ptr<TRITONBACKEND_ModelInstance> instance;
  std::list<Asked> asked;
  std::set<const Asked*> executed;
  double in_place = 0, copied = 0;
  std::atomic<bool> let_go{false};
  std::optional<troika::Run> holding;
  std::optional<onnx::Adoptions::Use> held;
};

TEST_F(Served, a_request_in_one_aligned_piece_is_answered_in_place) {
  Asked& one = ask({first, second});
  answer();
  EXPECT_EQ(one.request.error, "");
  EXPECT_EQ(one.y, (Result{16, 12.5, 22, 0}));
  EXPECT_THAT(one.request.answered["y"], ElementsAre(2, 2));
  unload();
  EXPECT_EQ(counted("troika_in_place_bytes_total") - in_place, 2 * 3 * 4 + 2 * 2 * 4);
  EXPECT_EQ(counted("troika_copied_bytes_total") - copied, 0);
}

TEST_F(Served, an_input_in_pieces_is_gathered) {
  Asked& one = ask({first, second});
  const auto* const at = reinterpret_cast<const std::byte*>(one.rows.data());
  one.x().parts = {{at, 5}, {at + 5, 0}, {at + 5, 19}};
  answer();
  EXPECT_EQ(one.y, (Result{16, 12.5, 22, 0}));
  unload();
  EXPECT_EQ(counted("troika_copied_bytes_total") - copied, 24);
}

TEST_F(Served, memory_that_is_not_aligned_is_copied_and_nothing_beside_it_changes) {
  Asked& one = ask({first});
  std::array<std::byte, 32> from{}, to{};
  std::memcpy(from.data() + 1, one.rows.data(), 12);
  one.x().parts = {{from.data() + 1, 12}};
  one.request.wanted["y"] = to.data() + 3;
  answer();
  std::array<std::byte, 32> expected{};
  std::memcpy(expected.data() + 3, of_first.data(), 8);
  EXPECT_EQ(to, expected);
  unload();
  EXPECT_EQ(counted("troika_copied_bytes_total") - copied, 12 + 8);
}

TEST_F(Served, requests_that_come_together_run_as_one_and_each_gets_its_rows) {
  Asked &one = ask({first}), &two = ask({second, first}), &three = ask({second});
  answer();
  EXPECT_EQ(one.y, of_first);
  EXPECT_EQ(two.y, (Result{22, 0, 16, 12.5}));
  EXPECT_EQ(three.y, of_second);
  EXPECT_THAT(two.request.answered["y"], ElementsAre(2, 2));
  EXPECT_EQ(instance->succeeded, 3);
  auto& batches = instance->batches;
  TRITONBACKEND_ModelInstanceFinalize(instance.get());
  EXPECT_THAT(batches, ElementsAre(4));
  instance->state = nullptr;
}

TEST_F(Served, an_output_that_one_of_a_batch_does_not_ask_for_is_kept_from_it) {
  Asked &one = ask({first}), &two = ask({second});
  two.request.wanted.clear();
  answer();
  EXPECT_EQ(one.y, of_first);
  EXPECT_EQ(two.y, (Result{0, 0}));
  EXPECT_TRUE(two.request.answered.empty());
  EXPECT_EQ(two.request.error, "");
}

TEST_F(Served, what_is_wrong_with_one_request_does_not_touch_the_others) {
  Asked &shape = ask({first}), &kind = ask({first}), &cut = ask({first}), &elsewhere = ask({first}),
        &parameter = ask({first}), &good = ask({second}), &narrow = ask({first});
  shape.x().dims = {3};
  kind.x().type = TRITONSERVER_TYPE_BYTES;
  cut.x().parts[0].second = 11;
  elsewhere.x().memory = TRITONSERVER_MEMORY_GPU;
  parameter.request.parameters = {{"priority_class", "urgent"}};
  narrow.x().type = TRITONSERVER_TYPE_INT8;
  narrow.x().bytes = narrow.x().parts[0].second = 3;
  answer();
  EXPECT_EQ(narrow.request.error, "input 'x' is f32, given i8");
  EXPECT_THAT(shape.request.error, HasSubstr("input 'x' is -1x3 (-1: any), given 3"));
  EXPECT_THAT(kind.request.error, HasSubstr("input 'x' has elements of the server's type 13"));
  EXPECT_EQ(cut.request.error, "input 'x' of 1x3 has 12 bytes, given 11");
  EXPECT_EQ(elsewhere.request.error, "input 'x' lies on a GPU");
  EXPECT_THAT(parameter.request.error, HasSubstr("'urgent', which is not low, normal or high"));
  EXPECT_EQ(good.y, of_second);
  EXPECT_EQ(instance->failed, 6);
  EXPECT_EQ(instance->succeeded, 1);
}

TEST_F(Served, of_a_batch_what_is_cancelled_is_left_out) {
  Asked &one = ask({first}), &two = ask({second});
  one.request.cancelled = true;
  answer();
  EXPECT_EQ(one.request.error, "by the client");
  EXPECT_EQ(one.y, (Result{0, 0}));
  EXPECT_EQ(two.y, of_second);
}

TEST_F(Served, a_run_that_nobody_waits_for_any_more_ends_without_a_result) {
  Asked& one = ask({first});
  hold(one);
  one.request.cancelled = true;
  one.wait_for_a_look();
  release();
  one.wait();
  EXPECT_EQ(one.request.error, "by the client");
  EXPECT_EQ(one.y, (Result{0, 0}));
}

TEST_F(Served, a_run_past_its_deadline_ends_without_a_result) {
  for (const bool by_timeout : {false, true}) {
    let_go = false;
    Asked& one = ask({first});
    if (by_timeout) one.request.timeout_us = 1'000;
    else one.request.parameters = {{"deadline_us", std::int64_t{1'000}}};
    hold(one);
    const auto passed = Clock::now() + std::chrono::milliseconds{1};
    while (Clock::now() < passed) one.wait_for_a_look();
    one.wait_for_a_look();
    release();
    one.wait();
    EXPECT_THAT(one.request.error, HasSubstr("deadline has passed"));
    EXPECT_EQ(one.y, (Result{0, 0}));
  }
}

TEST_F(Served, what_would_be_late_behind_others_is_refused_before_it_waits) {
  std::vector<Asked*> before;
  hold(ask({first}));
  for (int i = 0; i < 15; ++i) before.push_back(&ask(std::vector<Row>(8, second)));
  execute();
  Asked &late = ask({second}), &patient = ask({second});
  late.request.timeout_us = 100;
  patient.request.timeout_us = 60'000'000;
  execute();
  late.wait();
  EXPECT_THAT(late.request.error,
              HasSubstr("not begun, for it would be late: 121 rows are before"));
  release();
  patient.wait();
  EXPECT_EQ(patient.y, of_second);
  for (Asked* each : before) each->wait();
}

TEST_F(Served, requests_of_another_class_run_apart) {
  Asked &one = ask({first}), &two = ask({second});
  two.request.parameters = {{"priority_class", "high"}};
  answer();
  EXPECT_EQ(one.y, of_first);
  EXPECT_EQ(two.y, of_second);
  TRITONBACKEND_ModelInstanceFinalize(instance.get());
  EXPECT_THAT(instance->batches, ElementsAre(1, 1));
  instance->state = nullptr;
}

TEST_F(Served, an_instance_ends_only_when_its_requests_are_answered) {
  Asked& one = ask({first});
  hold(one);
  std::thread ending{[&] { unload(); }};
  EXPECT_EQ(one.request.answers, 0);
  release();
  ending.join();
  EXPECT_EQ(one.request.answers, 1);
  EXPECT_EQ(one.y, of_first);
}

TEST_F(Served, a_model_without_a_batch_dimension_takes_requests_one_by_one) {
  load(R"({"name": "model", "max_batch_size": 0})");
  Asked &one = ask({first, second}), &two = ask({second});
  answer();
  EXPECT_EQ(one.y, (Result{16, 12.5, 22, 0}));
  EXPECT_EQ(two.y, of_second);
  unload();
  EXPECT_EQ(counted("troika_copied_bytes_total") - copied, 0);
}

}  // namespace
}  // namespace troika::triton
