// Capture of streams, and graphs made of it.
#include <algorithm>

#include "tests/drivers/cuda/driver.h"

using namespace cuda_emulator;

CUresult cuda_emulator::safe_in_captures() {
  const ThreadState& mine = this_thread();
  if (mine.capture_mode == CU_STREAM_CAPTURE_MODE_RELAXED) return CUDA_SUCCESS;
  CUresult status = CUDA_SUCCESS;
  for (const auto& capture : driver().captures) {
    if (capture->mode == CU_STREAM_CAPTURE_MODE_RELAXED) continue;
    const bool own = capture->thread == std::this_thread::get_id();
    const bool global = capture->mode == CU_STREAM_CAPTURE_MODE_GLOBAL &&
                        mine.capture_mode == CU_STREAM_CAPTURE_MODE_GLOBAL;
    if (!own && !global) continue;
    capture->invalidated = true;
    status = CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
  }
  return status;
}

namespace {

// Every stream leaves the capture. False where one had work that the origin did not wait for.
bool close_capture(Context& context, Stream& origin) {
  const auto capture = origin.capture;
  std::vector<bool> followed(capture->graph.nodes.size());
  for (const GraphNode& node : capture->graph.nodes) {
    for (const std::size_t before : node.after) followed[before] = true;
  }
  for (const std::size_t last : origin.capture_after) followed[last] = true;
  const bool joined = std::all_of(followed.begin(), followed.end(), [](bool yes) { return yes; });
  for (Stream* const stream : context.streams) {
    if (stream->capture == capture) stream->capture = nullptr;
  }
  for (Event* const event : context.events) {
    if (event->capture == capture) event->capture = nullptr;
  }
  std::erase(driver().captures, capture);
  return joined;
}

}  // namespace

extern "C" {

CUresult cuStreamBeginCapture(CUstream handle, CUstreamCaptureMode mode) {
  return with_context([&](Context& context, Lock&) {
    Stream* const stream = stream_of(context, handle);
    if (stream == nullptr) return CUDA_ERROR_INVALID_HANDLE;
    if (stream == &context.legacy) return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
    if (stream->capture != nullptr) return CUDA_ERROR_ILLEGAL_STATE;
    auto capture = std::make_shared<Capture>();
    capture->mode = mode;
    capture->thread = std::this_thread::get_id();
    capture->origin = stream;
    capture->id = driver().next_id++;
    stream->capture_after.clear();
    stream->capture = capture;
    driver().captures.push_back(std::move(capture));
    return CUDA_SUCCESS;
  });
}

CUresult cuStreamEndCapture(CUstream handle, CUgraph* graph) {
  return with_context([&](Context& context, Lock&) {
    Stream* const stream = stream_of(context, handle);
    if (stream == nullptr || graph == nullptr) return CUDA_ERROR_INVALID_HANDLE;
    if (stream->capture == nullptr) return CUDA_ERROR_ILLEGAL_STATE;
    if (stream->capture->origin != stream) return CUDA_ERROR_STREAM_CAPTURE_UNMATCHED;
    const auto capture = stream->capture;
    if (capture->mode != CU_STREAM_CAPTURE_MODE_RELAXED &&
        capture->thread != std::this_thread::get_id())
      return CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD;
    const bool joined = close_capture(context, *stream);
    *graph = nullptr;
    if (capture->invalidated) return CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
    if (!joined) return CUDA_ERROR_STREAM_CAPTURE_UNJOINED;
    auto* const made = new Graph(std::move(capture->graph));
    driver().add(made);
    *graph = reinterpret_cast<CUgraph>(made);
    return CUDA_SUCCESS;
  });
}

CUresult cuStreamIsCapturing(CUstream handle, CUstreamCaptureStatus* status) {
  return with_context([&](Context& context, Lock&) {
    Stream* const stream = stream_of(context, handle);
    if (stream == nullptr || status == nullptr) return CUDA_ERROR_INVALID_HANDLE;
    *status = stream->capture == nullptr     ? CU_STREAM_CAPTURE_STATUS_NONE
              : stream->capture->invalidated ? CU_STREAM_CAPTURE_STATUS_INVALIDATED
                                             : CU_STREAM_CAPTURE_STATUS_ACTIVE;
    return CUDA_SUCCESS;
  });
}

CUresult cuThreadExchangeStreamCaptureMode(CUstreamCaptureMode* mode) {
  return with_driver([&](Lock&) {
    if (mode == nullptr) return CUDA_ERROR_INVALID_VALUE;
    std::swap(*mode, this_thread().capture_mode);
    return CUDA_SUCCESS;
  });
}

CUresult cuGraphInstantiateWithFlags(CUgraphExec* handle, CUgraph graph_handle,
                                     unsigned long long) {
  return with_context([&](Context& context, Lock&) {
    const Graph* const graph = alive<Graph>(graph_handle);
    if (graph == nullptr || handle == nullptr) return CUDA_ERROR_INVALID_VALUE;
    auto* const made = new GraphExec{&context, *graph, nullptr};
    driver().add(made);
    *handle = reinterpret_cast<CUgraphExec>(made);
    return CUDA_SUCCESS;
  });
}

// Each node runs on a timeline of its own, between two markers on the stream.
CUresult cuGraphLaunch(CUgraphExec handle, CUstream stream_handle) {
  return with_context([&](Context& context, Lock&) {
    GraphExec* const exec = alive<GraphExec>(handle);
    Stream* const stream = stream_of(context, stream_handle);
    if (exec == nullptr || stream == nullptr) return CUDA_ERROR_INVALID_HANDLE;
    if (stream->capture != nullptr) return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
    OpPtr begun;
    std::vector<OpPtr> previous;
    if (exec->last != nullptr) previous.push_back(exec->last);
    const CUresult status =
        enqueue(*stream, {Op::Kind::marker, "graph", {}}, &begun, std::move(previous));
    if (status != CUDA_SUCCESS) return status;
    std::vector<OpPtr> all;
    for (const GraphNode& node : exec->graph.nodes) {
      Stream own;
      own.context = &context;
      own.flags = CU_STREAM_NON_BLOCKING;
      own.timeline = driver().engine.new_timeline();
      std::vector<OpPtr> after{begun};
      for (const std::size_t before : node.after) after.push_back(all[before]);
      OpPtr op;
      enqueue(own, node.work, &op, std::move(after));
      all.push_back(std::move(op));
    }
    return enqueue(*stream, {Op::Kind::marker, "end of a graph", {}}, &exec->last, std::move(all));
  });
}

CUresult cuGraphExecDestroy(CUgraphExec handle) {
  return with_driver([&](Lock&) {
    return driver().handles.erase(handle) != 0 ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
  });
}

CUresult cuGraphDestroy(CUgraph handle) {
  return with_driver([&](Lock&) {
    return driver().handles.erase(handle) != 0 ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
  });
}

}  // extern "C"
