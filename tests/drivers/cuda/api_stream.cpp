// Streams, events and host functions.
#include <algorithm>
#include <atomic>

#include "tests/drivers/cuda/execution.h"

using namespace cuda_emulator;

namespace {

// The stream of a handle, or what is wrong: f(Stream&) → CUresult.
template <class F>
CUresult with_stream(CUstream handle, F&& f) {
  return with_context([&](Context& context, Lock& lock) {
    Stream* const stream = stream_of(context, handle);
    if (stream == nullptr) return CUDA_ERROR_INVALID_HANDLE;
    return f(*stream, lock);
  });
}

template <class F>
CUresult with_event(CUevent handle, F&& f) {
  return with_context([&](Context& context, Lock& lock) {
    Event* const event = alive<Event>(handle);
    if (event == nullptr) return CUDA_ERROR_INVALID_HANDLE;
    return f(context, *event, lock);
  });
}

CUresult disturbed(Event& event) {
  if (event.capture == nullptr) return CUDA_SUCCESS;
  event.capture->invalidated = true;
  return CUDA_ERROR_CAPTURED_EVENT;
}

// A stream joins the capture that the event was recorded in.
CUresult join_capture(Stream& stream, const Event& event) {
  if (stream.capture != nullptr && stream.capture != event.capture) {
    return CUDA_ERROR_STREAM_CAPTURE_MERGE;
  }
  if (stream.capture == nullptr) stream.capture_after.clear();
  stream.capture = event.capture;
  for (const std::size_t node : event.capture_after) {
    if (std::find(stream.capture_after.begin(), stream.capture_after.end(), node) ==
        stream.capture_after.end())
      stream.capture_after.push_back(node);
  }
  return CUDA_SUCCESS;
}

}  // namespace

extern "C" {

CUresult cuStreamCreateWithPriority(CUstream* handle, unsigned flags, int priority) {
  return with_context([&](Context& context, Lock&) {
    if (handle == nullptr || (flags & ~CU_STREAM_NON_BLOCKING) != 0)
      return CUDA_ERROR_INVALID_VALUE;
    auto* const stream = new Stream();
    stream->context = &context;
    stream->flags = flags;
    stream->priority = std::clamp(priority, -5, 0);
    stream->timeline = driver().engine.new_timeline();
    stream->id = driver().next_id++;
    context.streams.insert(stream);
    driver().add(stream);
    *handle = reinterpret_cast<CUstream>(stream);
    return CUDA_SUCCESS;
  });
}

CUresult cuStreamCreate(CUstream* handle, unsigned flags) {
  return cuStreamCreateWithPriority(handle, flags, 0);
}

// What is on it goes on; the handle is gone at once.
CUresult cuStreamDestroy(CUstream handle) {
  return with_driver([&](Lock&) {
    Stream* const stream = alive<Stream>(handle);
    if (stream == nullptr) return CUDA_ERROR_INVALID_HANDLE;
    if (stream->capture != nullptr) stream->capture->invalidated = true;
    driver().handles.erase(stream);
    stream->context->streams.erase(stream);
    auto& going_on = stream->context->of_destroyed;
    std::erase_if(going_on, [](const OpPtr& op) { return op->done; });
    if (stream->last != nullptr) going_on.push_back(stream->last);
    return CUDA_SUCCESS;
  });
}

CUresult cuStreamSynchronize(CUstream handle) {
  return with_stream(handle, [](Stream& stream, Lock& lock) { return synchronise(stream, lock); });
}

CUresult cuStreamQuery(CUstream handle) {
  return with_stream(handle, [](Stream& stream, Lock&) {
    if (stream.capture != nullptr) {
      stream.capture->invalidated = true;
      return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
    }
    Context& context = *stream.context;
    if (stream.last != nullptr && !driver().engine.is_done(stream.last))
      return CUDA_ERROR_NOT_READY;
    after_wait(context);
    return context.sticky;
  });
}

CUresult cuStreamGetPriority(CUstream handle, int* priority) {
  return with_stream(handle, [&](Stream& stream, Lock&) {
    *priority = stream.priority;
    return CUDA_SUCCESS;
  });
}

CUresult cuStreamGetFlags(CUstream handle, unsigned* flags) {
  return with_stream(handle, [&](Stream& stream, Lock&) {
    *flags = stream.flags;
    return CUDA_SUCCESS;
  });
}

CUresult cuStreamWaitEvent(CUstream handle, CUevent event_handle, unsigned) {
  return with_stream(handle, [&](Stream& stream, Lock&) {
    const Event* const event = alive<Event>(event_handle);
    if (event == nullptr) return CUDA_ERROR_INVALID_HANDLE;
    if (event->capture != nullptr) return join_capture(stream, *event);
    if (stream.capture != nullptr)
      return event->recorded == nullptr ? CUDA_SUCCESS : CUDA_ERROR_STREAM_CAPTURE_ISOLATION;
    if (event->recorded == nullptr) return CUDA_SUCCESS;
    return enqueue(stream, {Op::Kind::marker, "wait for an event", {}}, nullptr, {event->recorded});
  });
}

CUresult cuStreamWaitValue32(CUstream handle, CUdeviceptr address, cuuint32_t value,
                             unsigned flags) {
  return with_stream(handle, [&](Stream& stream, Lock&) {
    const Allocation* const found = driver().memory.find(address);
    if (found == nullptr || found->state != Allocation::State::live || address % 4 != 0 ||
        flags > CU_STREAM_WAIT_VALUE_NOR)
      return CUDA_ERROR_INVALID_VALUE;
    if (stream.capture != nullptr) return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
    const auto held = [pages = found->pages, at = address - found->base, value, flags] {
      auto& word = *reinterpret_cast<cuuint32_t*>(pages->host + at);
      const cuuint32_t now = std::atomic_ref<cuuint32_t>{word}.load();
      switch (flags) {
        case CU_STREAM_WAIT_VALUE_GEQ: return static_cast<std::int32_t>(now - value) < 0;
        case CU_STREAM_WAIT_VALUE_EQ: return now != value;
        case CU_STREAM_WAIT_VALUE_AND: return (now & value) == 0;
        default: return ~(now | value) == 0;
      }
    };
    return enqueue(stream, {Op::Kind::marker, "wait for a value", {}, held});
  });
}

CUresult cuLaunchHostFunc(CUstream handle, CUhostFn function, void* data) {
  return with_stream(handle, [&](Stream& stream, Lock&) {
    if (function == nullptr) return CUDA_ERROR_INVALID_VALUE;
    return enqueue(stream, {Op::Kind::host, "host function", host_body(function, data)});
  });
}

CUresult cuEventCreate(CUevent* handle, unsigned flags) {
  return with_context([&](Context& context, Lock&) {
    if (handle == nullptr || flags > 7) return CUDA_ERROR_INVALID_VALUE;
    auto* const event = new Event();
    event->context = &context;
    event->flags = flags;
    context.events.insert(event);
    driver().add(event);
    *handle = reinterpret_cast<CUevent>(event);
    return CUDA_SUCCESS;
  });
}

CUresult cuEventDestroy(CUevent handle) {
  return with_driver([&](Lock&) {
    Event* const event = alive<Event>(handle);
    if (event == nullptr) return CUDA_ERROR_INVALID_HANDLE;
    driver().handles.erase(event);
    event->context->events.erase(event);
    return CUDA_SUCCESS;
  });
}

CUresult cuEventRecord(CUevent handle, CUstream stream_handle) {
  return with_event(handle, [&](Context& context, Event& event, Lock&) {
    Stream* const stream = stream_of(context, stream_handle);
    if (stream == nullptr || stream->context != event.context) return CUDA_ERROR_INVALID_HANDLE;
    event.capture = stream->capture;
    event.capture_after = stream->capture_after;
    if (stream->capture != nullptr) return CUDA_SUCCESS;
    return enqueue(*stream, {Op::Kind::marker, "event", {}}, &event.recorded);
  });
}

CUresult cuEventQuery(CUevent handle) {
  return with_event(handle, [](Context& context, Event& event, Lock&) {
    if (const CUresult status = disturbed(event); status != CUDA_SUCCESS) return status;
    if (const CUresult status = safe_in_captures(); status != CUDA_SUCCESS) return status;
    if (event.recorded == nullptr) return CUDA_SUCCESS;
    if (!driver().engine.is_done(event.recorded)) return CUDA_ERROR_NOT_READY;
    after_wait(context);
    return context.sticky;
  });
}

CUresult cuEventSynchronize(CUevent handle) {
  return with_event(handle, [](Context& context, Event& event, Lock& lock) {
    if (const CUresult status = disturbed(event); status != CUDA_SUCCESS) return status;
    if (const CUresult status = safe_in_captures(); status != CUDA_SUCCESS) return status;
    if (event.recorded == nullptr) return CUDA_SUCCESS;
    const OpPtr op = event.recorded;
    driver().engine.wait(op, lock);
    after_wait(context);
    return context.sticky;
  });
}

CUresult cuEventElapsedTime(float* milliseconds, CUevent begin, CUevent end) {
  return with_event(begin, [&](Context&, Event& first, Lock&) {
    const Event* const second = alive<Event>(end);
    if (milliseconds == nullptr) return CUDA_ERROR_INVALID_VALUE;
    if (second == nullptr || ((first.flags | second->flags) & CU_EVENT_DISABLE_TIMING) != 0 ||
        first.recorded == nullptr || second->recorded == nullptr) {
      return CUDA_ERROR_INVALID_HANDLE;
    }
    if (!first.recorded->done || !second->recorded->done) return CUDA_ERROR_NOT_READY;
    *milliseconds =
        std::chrono::duration<float, std::milli>(second->recorded->ended - first.recorded->ended)
            .count();
    return CUDA_SUCCESS;
  });
}

}  // extern "C"
