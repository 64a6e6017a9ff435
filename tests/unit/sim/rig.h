// A small simulated machine under test: a host, and what a test adds to it.
#pragma once

#include <cstring>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "backends/sim/sim.h"

namespace troika::sim {

inline constexpr Nanos us{1'000};

class Listener final : public QueueListener {
 public:
  struct Seen {
    std::uint64_t reached;
    Code code;
    bool lost;
    Nanos at;
    std::vector<Interval> measured;
  };

  explicit Listener(World& world) : world_{world} {}
  void on_advance(const Advance& advance) noexcept override {
    seen.push_back({advance.reached.value,
                    advance.status.code(),
                    advance.lost,
                    world_.now(),
                    {advance.measured.begin(), advance.measured.end()}});
    messages.push_back(advance.status.to_string());
    if (then) then();
  }

  std::vector<Seen> seen;
  std::vector<std::string> messages;
  std::function<void()> then;

 private:
  World& world_;
};

// out[i] = in[i] + 1 over the bytes of two spans of equal shape.
inline void add_one(const void*, const HostCall& call) {
  const Span2D& in = call.args[0].span;
  const Span2D& out = call.args[1].span;
  for (std::size_t row = 0; row < out.rows; ++row)
    for (std::size_t i = 0; i < out.row_bytes; ++i)
      out.in->host()[out.offset + row * out.pitch + i] =
          std::byte(std::to_integer<int>(in.in->host()[in.offset + row * in.pitch + i]) + 1);
}
inline void zero(const void*, const HostCall& call) {
  const Span2D& out = call.args[0].span;
  for (std::size_t row = 0; row < out.rows; ++row)
    std::memset(out.in->host() + out.offset + row * out.pitch, 0, out.row_bytes);
}
inline void touch_nothing(const void*, const HostCall&) {}

inline Param buffer(Access access) { return {true, Type::u8, access}; }

inline KernelImage image(std::string name, std::vector<Param> params,
                         void (*call)(const void*, const HostCall&)) {
  KernelImage image;
  image.operation = std::move(name);
  image.dialect = Dialect::sim;
  image.params = std::move(params);
  image.function.call = call;
  return image;
}

inline Span2D whole(const Allocation& in) { return {&in, 0, in.bytes(), 1, 0}; }
inline Span2D part(const Allocation& in, std::size_t offset, std::size_t bytes) {
  return {&in, offset, bytes, 1, 0};
}

// One device of the rig with a queue of it, and the test's kernels on it.
struct Lane {
  Lane(World& world, Device& on, QueueId id, QueueUse use = QueueUse::compute, unsigned lane = 0)
      : device{on}, listener{world} {
    queue = std::move(*on.create_queue(id, use, lane, listener));
    const auto load = [&](const KernelImage& i) { return std::move(*on.load(i)); };
    copy_kernel = load(image("add_one", {buffer(Access::read), buffer(Access::write)}, add_one));
    zero_kernel = load(image("zero", {buffer(Access::write)}, zero));
    read_kernel = load(image("read", {buffer(Access::read)}, touch_nothing));
    update_kernel = load(image("update", {buffer(Access::update)}, touch_nothing));
  }

  std::unique_ptr<Allocation> allocate(std::size_t bytes) {
    return std::move(*device.memory().allocate({.bytes = bytes}));
  }
  Result<Timepoint> launch(const LoadedKernel& kernel, const std::vector<Span2D>& spans) {
    std::vector<KernelArg> args;
    for (const Span2D& span : spans) args.push_back({span, {}});
    return queue->launch({&kernel, args, {}, nullptr});
  }
  Timepoint add_one_to(const Span2D& in, const Span2D& out) {
    return *launch(*copy_kernel, {in, out});
  }
  Timepoint zero_out(const Span2D& out) { return *launch(*zero_kernel, {out}); }
  Timepoint read(const Span2D& in) { return *launch(*read_kernel, {in}); }
  Timepoint update(const Span2D& span) { return *launch(*update_kernel, {span}); }
  void flush() { EXPECT_TRUE(queue->flush().ok()); }

  Device& device;
  Listener listener;
  std::unique_ptr<Queue> queue;
  std::unique_ptr<LoadedKernel> copy_kernel, zero_kernel, read_kernel, update_kernel;
};

// Two host lanes; gpu0 and gpu1 with memories of 1 MiB; `apu`, incoherent, in the host's space.
// Every kernel takes 10 us, on gpu1 20 us.
inline Machine small_machine() {
  Machine machine;
  machine.name = "small";
  const auto device = [&](std::string name, DeviceKind kind, std::string space) -> MachineDevice& {
    MachineDevice added;
    added.name = std::move(name);
    added.kind = kind;
    added.space = std::move(space);
    added.costs = added.name;
    machine.devices.push_back(added);
    return machine.devices.back();
  };
  MachineDevice& host = device("host", DeviceKind::cpu, "host");
  host.count = 2;
  host.is_host = true;
  for (const char* name : {"gpu0", "gpu1"}) {
    MachineDevice& gpu = device(name, DeviceKind::gpu, name);
    gpu.memory_bytes = 1 << 20;
    gpu.copy_queue = true;
    machine.links.push_back({"host", name, 1e9, 10 * us, {"bus"}});
    machine.links.push_back({name, "host", 1e9, 10 * us, {"bus"}});
  }
  machine.shared_links.push_back({"bus", 1e9});
  machine.links.push_back({"gpu0", "gpu1", 1e9, 10 * us, {}});
  device("apu", DeviceKind::gpu, "host").coherent = false;
  for (const char* kernel : {"add_one", "zero", "read", "update"})
    for (const char* on : {"host", "gpu0", "gpu1", "apu"})
      machine.costs.push_back({kernel, on, 0, on == std::string{"gpu1"} ? 20 * us : 10 * us, us});
  return machine;
}

struct Rig {
  explicit Rig(const WorldOptions& options = {}, const FaultPlan& plan = {},
               const Machine& machine = small_machine())
      : world{options}, opened{open(world, machine, plan)} {}

  Device& device(std::size_t i) { return *opened.devices[i]; }
  Device& host() { return device(0); }
  Device& gpu0() { return device(1); }
  Device& gpu1() { return device(2); }
  Device& apu() { return device(3); }

  World world;
  Opened opened;
};

// True when exactly one violation was found, and it tells of `what`.
inline ::testing::AssertionResult only_violation(const World& world, const std::string& what) {
  const auto& found = world.violations();
  if (found.size() == 1 && found[0].find(what) != std::string::npos)
    return ::testing::AssertionSuccess();
  auto result = ::testing::AssertionFailure() << "wanted only '" << what << "', found";
  for (const std::string& each : found) result << "\n  " << each;
  return result;
}

}  // namespace troika::sim
