// What was created at the vendor's is released there: counted at every entry.
#include <array>
#include <set>
#include <thread>

#include "backends/opencl/opencl.h"
#include "tests/unit/opencl/fixture.h"

namespace troika::opencl {
namespace {

enum Kind : std::size_t { contexts, queues, memories, programs, kernels, events, kinds };
std::array<std::atomic<int>, kinds> made, released;

// Stands in one entry's place in the table and passes every call on.
template <Kind kind, auto member>
struct Creates;
template <Kind kind, class R, class... Args, R (*Api::*member)(Args...)>
struct Creates<kind, member> {
  static inline R (*real)(Args...) = nullptr;
  static R call(Args... args) {
    const R object = real(args...);
    if (object) ++made[kind];
    return object;
  }
};
template <Kind kind, auto member>
struct Releases;
template <Kind kind, class... Args, cl_int (*Api::*member)(Args...)>
struct Releases<kind, member> {
  static inline cl_int (*real)(Args...) = nullptr;
  static cl_int call(Args... args) {
    ++released[kind];
    return real(args...);
  }
};
// The last argument takes an event.
template <auto member>
struct Enqueues;
template <class... Args, cl_int (*Api::*member)(Args...)>
struct Enqueues<member> {
  static inline cl_int (*real)(Args...) = nullptr;
  static cl_int call(Args... args) {
    const cl_int error = real(args...);
    cl_event* const event = std::get<sizeof...(Args) - 1>(std::tuple{args...});
    if (event && *event) ++made[events];
    return error;
  }
};

// What a write's bytes lie in until it has run.
std::set<const void*> sources;
template <auto member>
struct Writes;
template <class... Args, cl_int (*Api::*member)(Args...)>
struct Writes<member> {
  static inline cl_int (*real)(Args...) = nullptr;
  static cl_int call(Args... args) {
    sources.insert(std::get<5>(std::tuple{args...}));
    return Enqueues<member>::call(args...);
  }
};

template <class Counter, class Entry>
void count(Entry& entry) {
  Counter::real = entry;
  entry = &Counter::call;
}

bool count_all() {
  const Result<const Api*> loaded = load_api();
  if (!loaded.ok()) return false;
  Api& api = const_cast<Api&>(**loaded);
  count<Creates<contexts, &Api::CreateContext>>(api.CreateContext);
  count<Creates<queues, &Api::CreateCommandQueue>>(api.CreateCommandQueue);
  count<Creates<memories, &Api::CreateBuffer>>(api.CreateBuffer);
  count<Creates<programs, &Api::CreateProgramWithSource>>(api.CreateProgramWithSource);
  count<Creates<programs, &Api::CreateProgramWithBinary>>(api.CreateProgramWithBinary);
  count<Creates<kernels, &Api::CreateKernel>>(api.CreateKernel);
  count<Enqueues<&Api::EnqueueNDRangeKernel>>(api.EnqueueNDRangeKernel);
  count<Enqueues<&Api::EnqueueFillBuffer>>(api.EnqueueFillBuffer);
  count<Enqueues<&Api::EnqueueReadBuffer>>(api.EnqueueReadBuffer);
  count<Enqueues<&Api::EnqueueCopyBuffer>>(api.EnqueueCopyBuffer);
  count<Enqueues<&Api::EnqueueWriteBuffer>>(api.EnqueueWriteBuffer);
  count<Writes<&Api::EnqueueWriteBuffer>>(api.EnqueueWriteBuffer);
  count<Enqueues<&Api::EnqueueMarkerWithWaitList>>(api.EnqueueMarkerWithWaitList);
  count<Releases<contexts, &Api::ReleaseContext>>(api.ReleaseContext);
  count<Releases<queues, &Api::ReleaseCommandQueue>>(api.ReleaseCommandQueue);
  count<Releases<memories, &Api::ReleaseMemObject>>(api.ReleaseMemObject);
  count<Releases<programs, &Api::ReleaseProgram>>(api.ReleaseProgram);
  count<Releases<kernels, &Api::ReleaseKernel>>(api.ReleaseKernel);
  count<Releases<events, &Api::ReleaseEvent>>(api.ReleaseEvent);
  return true;
}

class OpenClRelease : public OpenClTest {
 protected:
  void SetUp() override {
    static const bool counts = count_all();
    if (!counts) GTEST_SKIP() << "unavailable: no libOpenCL";
    OpenClTest::SetUp();
    if (!device) return;
    open("memory=host_pointer");
  }
  void open(const std::string& options) {
    opened.devices.clear();
    for (auto& count : made) count = 0;
    for (auto& count : released) count = 0;
    // Not the plug-in's devices: those have a table of their own.
    auto all = open_all({&clock(), nullptr, 1, options});
    ASSERT_TRUE(all.ok()) << all.status().to_string();
    opened = *std::move(all);
    device = options == "memory=host_pointer" ? chosen() : opened.devices.front().get();
  }
  void expect_all_released() {
    opened.devices.clear();
    static constexpr const char* names[] = {"contexts", "queues",  "memories",
                                            "programs", "kernels", "events"};
    for (std::size_t kind = 0; kind < kinds; ++kind) {
      EXPECT_GT(made[kind], 0) << names[kind];
      EXPECT_EQ(made[kind], released[kind]) << names[kind];
    }
  }
  KernelImage twice() {
    return image("twice", {buffer_param(Type::i32, Access::update)},
                 "kernel void twice(global char* x, ulong at) {"
                 "  *(global int*)(x + at) *= 2; }");
  }
};

TEST_F(OpenClRelease, everything_that_was_created_is_released) {
  if (!device) GTEST_SKIP() << "unavailable: no OpenCL device";
  // The first is built from its source, the second from the cache, the third not at all.
  for (int i = 0; i < 2; ++i) {
    const auto kernel = load(twice());
    const auto bytes = allocate(64);
    const HostBytes host{64};
    EXPECT_TRUE(device->memory().attach(host).ok());
    const auto queue = create_queue();
    ASSERT_TRUE(queue->fill({{bytes.get(), 0, 4, 1, 4}, Scalar::of(3)}).ok());
    const KernelArg args[] = {buffer_arg(*bytes)};
    const auto done = queue->launch({kernel.get(), args, {}, nullptr});
    ASSERT_TRUE(done.ok()) << done.status().to_string();
    finish(*queue, *done);
  }
  EXPECT_FALSE(device->load(image("broken", {}, "kernel void broken( {")).ok());
  expect_all_released();
}

TEST_F(OpenClRelease, everything_that_was_created_in_memory_of_its_own_is_released) {
  if (!device) GTEST_SKIP() << "unavailable: no OpenCL device";
  open("memory=separate");
  {
    const auto kernel = load(twice());
    const auto x = allocate(64), y = allocate(64);
    const HostBytes host{64};
    *as<int>(host) = 21;
    const auto kernels = create_queue();
    const auto copies = *device->create_queue(QueueId{9}, QueueUse::copy, 0, reports);
    const auto there = copies->copy({{&host, 0, 64}, {x.get(), 0, 64}});
    ASSERT_TRUE(kernels->wait_for(*there).ok());
    const KernelArg args[] = {buffer_arg(*x)};
    const auto done = kernels->launch({kernel.get(), args, {}, nullptr});
    ASSERT_TRUE(copies->wait_for(*done).ok());
    ASSERT_TRUE(copies->copy({{x.get(), 0, 64}, {y.get(), 0, 64}}).ok());
    finish(*copies, *copies->copy({{y.get(), 0, 64}, {&host, 0, 64}}));
    finish(*kernels, *done);
    EXPECT_EQ(*as<int>(host), 42);
  }
  expect_all_released();
}

// Kept for ever, they would all lie in different places.
TEST_F(OpenClRelease, the_bytes_of_a_fill_are_kept_until_it_is_over) {
  if (!device) GTEST_SKIP() << "unavailable: no OpenCL device";
  constexpr std::size_t fills = 50, row = 1 << 20;  // more than AddressSanitizer holds back
  const auto bytes = allocate(row + 64);
  const auto queue = create_queue();
  sources.clear();
  for (std::size_t i = 0; i < fills; ++i) {
    const auto done = queue->fill({{bytes.get(), 1, row, 1, row}, Scalar::of(3)});
    ASSERT_TRUE(done.ok()) << done.status().to_string();
    finish(*queue, *done);
  }
  EXPECT_GT(sources.size(), 0U);
  EXPECT_LT(sources.size(), fills);
}

TEST_F(OpenClRelease, a_queue_given_up_at_work_releases_what_was_in_it) {
  if (!device) GTEST_SKIP() << "unavailable: no OpenCL device";
  auto kernel = load(twice());
  auto bytes = allocate(64);
  for (int i = 0; i < 20; ++i) {
    const auto queue = create_queue();
    const KernelArg args[] = {buffer_arg(*bytes)};
    for (int k = 0; k < 20; ++k) ASSERT_TRUE(queue->launch({kernel.get(), args, {}, nullptr}).ok());
    ASSERT_TRUE(queue->flush().ok());
    while (queue->reached().value == 0) std::this_thread::yield();
  }
  // The driver thread lets go of the queues before the device can be gone.
  opened.devices.clear();
  kernel.reset();
  bytes.reset();
  expect_all_released();
}

}  // namespace
}  // namespace troika::opencl
