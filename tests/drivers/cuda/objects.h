// What the driver's handles stand for. All of it is guarded by the driver's mutex.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <cuda.h>

#include "tests/drivers/cuda/engine.h"
#include "tests/drivers/cuda/grid.h"

namespace cuda_emulator {

struct Allocation;
struct Capture;
struct Device;

// Memory handed out in stream order. What is freed stays with the pool up to its threshold.
struct Pool {
  Device* device = nullptr;
  std::uint64_t used = 0, used_high = 0, reserved = 0, reserved_high = 0, threshold = 0;
  std::set<int> accessible;     // devices, besides its own
  std::map<int, int> switches;  // CUmemPool_attribute to its value
};

struct Stream {
  Context* context = nullptr;
  unsigned flags = 0;
  int priority = 0;
  std::uint32_t timeline = 0;
  std::uint64_t id = 0;
  OpPtr last;
  std::shared_ptr<Capture> capture;
  std::vector<std::size_t> capture_after;  // nodes that the next one of the capture follows
  bool blocking() const { return (flags & CU_STREAM_NON_BLOCKING) == 0; }
};

struct Event {
  Context* context = nullptr;
  unsigned flags = 0;
  OpPtr recorded;
  std::shared_ptr<Capture> capture;  // recorded in it last
  std::vector<std::size_t> capture_after;
};

struct Module;

// A kernel, as a CUfunction.
struct KernelHandle {
  Module* module = nullptr;
  const Function* function = nullptr;
  std::uint32_t dynamic_shared_max = 48u << 10;
};

struct Module {
  Context* context = nullptr;
  std::shared_ptr<const Program>
      program;  // operations share it: a module may be unloaded meanwhile
  std::map<std::string, std::unique_ptr<KernelHandle>> kernels;
  std::vector<Allocation*> variables;
};

struct Context {
  Device* device = nullptr;
  bool is_primary = false;
  unsigned flags = 0;
  CUresult sticky = CUDA_SUCCESS;
  Stream legacy;
  std::map<std::thread::id, std::unique_ptr<Stream>> of_threads;
  std::set<Stream*> streams;
  std::vector<OpPtr> of_destroyed;  // the last operation of each stream that is gone but not idle
  std::set<Event*> events;
  std::set<Module*> modules;
  std::set<Context*> peers;  // whose memory kernels of this one may use
  std::map<CUlimit, std::size_t> limits;
  std::uint64_t id = 0;
};

struct Device {
  int ordinal = 0;
  std::uint64_t used = 0;
  bool lost = false;
  Context* primary = nullptr;
  unsigned primary_flags = 0;
  unsigned retained = 0;
  int contexts = 0;  // that have not ended
  std::unique_ptr<Pool> own_pool;
  Pool* pool = nullptr;  // the current one
};

// An operation that can be enqueued again and again: what a graph is made of.
struct Work {
  Op::Kind kind = Op::Kind::marker;
  std::string label;
  Op::Body body;
  std::function<bool()> held = nullptr;  // Op::held
};

struct GraphNode {
  Work work;
  std::vector<std::size_t> after;  // indices of earlier nodes
};

struct Graph {
  std::vector<GraphNode> nodes;
};

struct GraphExec {
  Context* context = nullptr;
  Graph graph;
  OpPtr last;  // of the latest launch: launches of one executable follow each other
};

struct Capture {
  CUstreamCaptureMode mode = CU_STREAM_CAPTURE_MODE_GLOBAL;
  std::thread::id thread;
  Stream* origin = nullptr;
  bool invalidated = false;
  std::uint64_t id = 0;
  Graph graph;
};

}  // namespace cuda_emulator
