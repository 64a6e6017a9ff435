// What a driver enforces, by the numbers of README.md's table: captures and graphs.
#include <thread>

#include "tests/drivers/cuda/tests/behaviour_fixture.h"

namespace cuda_emulator_test {
namespace {

TEST_F(Behaviour, behaviour_10_what_is_illegal_in_a_capture_invalidates_it) {
  const CUstream on = stream();
  CUgraph graph = nullptr;
  EXPECT_EQ(cu(cuStreamBeginCapture, 10010)(on, CU_STREAM_CAPTURE_MODE_GLOBAL), CUDA_SUCCESS);
  EXPECT_EQ(cu(cuStreamSynchronize, 2000)(on), CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED);
  EXPECT_EQ(cu(cuStreamEndCapture, 10000)(on, &graph), CUDA_ERROR_STREAM_CAPTURE_INVALIDATED);
  CUdeviceptr at = 0;
  EXPECT_EQ(cu(cuStreamBeginCapture, 10010)(on, CU_STREAM_CAPTURE_MODE_GLOBAL), CUDA_SUCCESS);
  EXPECT_EQ(cu(cuMemAlloc, 3020)(&at, 16), CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED);
  EXPECT_EQ(cu(cuStreamEndCapture, 10000)(on, &graph), CUDA_ERROR_STREAM_CAPTURE_INVALIDATED);
}

TEST_F(Behaviour, behaviour_10_a_fork_that_does_not_join_ends_a_capture_unjoined) {
  const CUdeviceptr at = bytes(128);
  const CUstream on = stream(), fork = stream();
  const CUevent forked = event();
  CUgraph graph = nullptr;
  EXPECT_EQ(cu(cuStreamBeginCapture, 10010)(on, CU_STREAM_CAPTURE_MODE_GLOBAL), CUDA_SUCCESS);
  EXPECT_EQ(cu(cuMemsetD32Async, 3020)(at, 1, 16, on), CUDA_SUCCESS);
  EXPECT_EQ(cu(cuEventRecord, 2000)(forked, on), CUDA_SUCCESS);
  EXPECT_EQ(cu(cuStreamWaitEvent, 3020)(fork, forked, 0), CUDA_SUCCESS);
  EXPECT_EQ(cu(cuMemsetD32Async, 3020)(at + 64, 1, 16, fork), CUDA_SUCCESS);
  EXPECT_EQ(cu(cuStreamEndCapture, 10000)(on, &graph), CUDA_ERROR_STREAM_CAPTURE_UNJOINED);
}

TEST_F(Behaviour, behaviour_10_a_graph_runs_with_the_arguments_of_its_capture_each_time) {
  CUdeviceptr at = holding(std::vector<int>(32, 0));
  const CUstream on = stream();
  CUgraph graph = nullptr;
  CUgraphExec exec = nullptr;
  EXPECT_EQ(cu(cuStreamBeginCapture, 10010)(on, CU_STREAM_CAPTURE_MODE_GLOBAL), CUDA_SUCCESS);
  EXPECT_EQ(run(at, at, on), CUDA_SUCCESS);
  EXPECT_EQ(run(at, at, on), CUDA_SUCCESS);
  ASSERT_EQ(cu(cuStreamEndCapture, 10000)(on, &graph), CUDA_SUCCESS);
  ASSERT_EQ(cu(cuGraphInstantiateWithFlags, 11040)(&exec, graph, 0), CUDA_SUCCESS);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(cu(cuGraphLaunch, 10000)(exec, on), CUDA_SUCCESS);
  EXPECT_EQ(cu(cuStreamSynchronize, 2000)(on), CUDA_SUCCESS);
  EXPECT_EQ(read<int>(at, 32), std::vector<int>(32, 6));
}

TEST_F(Lazy, behaviour_10_launches_of_one_graph_follow_each_other_on_any_streams) {
  CUdeviceptr at = holding(std::vector<int>(32, 0));
  const CUstream one = stream(), other = stream();
  CUgraph graph = nullptr;
  CUgraphExec exec = nullptr;
  EXPECT_EQ(cu(cuStreamBeginCapture, 10010)(one, CU_STREAM_CAPTURE_MODE_GLOBAL), CUDA_SUCCESS);
  EXPECT_EQ(run(at, at, one), CUDA_SUCCESS);
  ASSERT_EQ(cu(cuStreamEndCapture, 10000)(one, &graph), CUDA_SUCCESS);
  ASSERT_EQ(cu(cuGraphInstantiateWithFlags, 11040)(&exec, graph, 0), CUDA_SUCCESS);
  EXPECT_EQ(cu(cuGraphLaunch, 10000)(exec, one), CUDA_SUCCESS);
  EXPECT_EQ(cu(cuGraphLaunch, 10000)(exec, other), CUDA_SUCCESS);
  EXPECT_EQ(cu(cuCtxSynchronize, 2000)(), CUDA_SUCCESS);  // and no race
  EXPECT_EQ(read<int>(at, 32), std::vector<int>(32, 2));
}

TEST_F(Behaviour, behaviour_10_an_event_of_a_capture_cannot_be_asked_for) {
  const CUstream on = stream();
  const CUevent inside = event();
  CUgraph graph = nullptr;
  EXPECT_EQ(cu(cuStreamBeginCapture, 10010)(on, CU_STREAM_CAPTURE_MODE_RELAXED), CUDA_SUCCESS);
  EXPECT_EQ(cu(cuEventRecord, 2000)(inside, on), CUDA_SUCCESS);
  EXPECT_EQ(cu(cuEventQuery, 2000)(inside), CUDA_ERROR_CAPTURED_EVENT);
  EXPECT_EQ(cu(cuStreamEndCapture, 10000)(on, &graph), CUDA_ERROR_STREAM_CAPTURE_INVALIDATED);
}

TEST_F(Behaviour, behaviour_10_the_legacy_stream_would_join_a_capture_and_is_refused) {
  const CUdeviceptr at = bytes(128);
  const CUstream on = stream(CU_STREAM_DEFAULT);
  CUgraph graph = nullptr;
  EXPECT_EQ(cu(cuStreamBeginCapture, 10010)(on, CU_STREAM_CAPTURE_MODE_RELAXED), CUDA_SUCCESS);
  EXPECT_EQ(cu(cuMemsetD32Async, 3020)(at, 1, 32, nullptr), CUDA_ERROR_STREAM_CAPTURE_IMPLICIT);
  EXPECT_EQ(cu(cuStreamEndCapture, 10000)(on, &graph), CUDA_ERROR_STREAM_CAPTURE_INVALIDATED);
}

TEST_F(Behaviour, behaviour_10_a_capture_waits_for_nothing_outside_of_it) {
  const CUstream on = stream(), outside = stream();
  const CUevent earlier = event();
  EXPECT_EQ(cu(cuMemsetD32Async, 3020)(bytes(128), 1, 32, outside), CUDA_SUCCESS);
  EXPECT_EQ(cu(cuEventRecord, 2000)(earlier, outside), CUDA_SUCCESS);
  EXPECT_EQ(cu(cuStreamBeginCapture, 10010)(on, CU_STREAM_CAPTURE_MODE_RELAXED), CUDA_SUCCESS);
  EXPECT_EQ(cu(cuStreamWaitEvent, 3020)(on, earlier, 0), CUDA_ERROR_STREAM_CAPTURE_ISOLATION);
}

// What another thread may do meanwhile: the capture's mode and that thread's decide.
TEST_F(Behaviour,
       behaviour_10_a_global_capture_binds_other_threads_and_one_of_its_thread_does_not) {
  const auto allocates = [&](CUstreamCaptureMode mode) {
    const CUstream on = stream();
    EXPECT_EQ(cu(cuStreamBeginCapture, 10010)(on, mode), CUDA_SUCCESS);
    CUresult elsewhere = CUDA_SUCCESS;
    std::thread([&] {
      CUdeviceptr at = 0;
      EXPECT_EQ(cu(cuCtxSetCurrent, 4000)(context_), CUDA_SUCCESS);
      elsewhere = cu(cuMemAlloc, 3020)(&at, 16);
    }).join();
    CUgraph graph = nullptr;
    EXPECT_EQ(cu(cuStreamEndCapture, 10000)(on, &graph),
              elsewhere == CUDA_SUCCESS ? CUDA_SUCCESS : CUDA_ERROR_STREAM_CAPTURE_INVALIDATED);
    return elsewhere;
  };
  EXPECT_EQ(allocates(CU_STREAM_CAPTURE_MODE_GLOBAL), CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED);
  EXPECT_EQ(allocates(CU_STREAM_CAPTURE_MODE_THREAD_LOCAL), CUDA_SUCCESS);
}

}  // namespace
}  // namespace cuda_emulator_test
