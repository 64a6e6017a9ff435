// A gibibyte that a device shares with the host: four ways to see that no byte of it is copied.
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include "runtime/troika.h"
#include "tests/host_bytes.h"

namespace troika {
namespace {

constexpr std::size_t gibibyte = std::size_t{1} << 30U, page = 4096;
constexpr std::uint64_t resident_growth_max = std::uint64_t{64} << 20U;

using CopiedBytes = std::uint64_t (*)();
CopiedBytes copied_bytes_of_process() {
  return reinterpret_cast<CopiedBytes>(dlsym(RTLD_DEFAULT, "troika_test_bytes_copied"));
}

std::uint64_t resident_bytes() {
  std::ifstream status{"/proc/self/status"};
  std::uint64_t sum = 0;
  for (std::string key; status >> key;) {
    std::uint64_t kibibytes = 0;
    if (key == "RssAnon:" || key == "RssFile:" || key == "RssShmem:") {
      status >> kibibytes;
      sum += kibibytes * 1024;
    }
    status.ignore(1000, '\n');
  }
  return sum;
}

// A gibibyte of pages, all of them touched.
class Pages {
 public:
  Pages()
      : bytes_{static_cast<std::byte*>(
            mmap(nullptr, gibibyte, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))} {
    if (bytes_ == MAP_FAILED) throw std::bad_alloc{};
    for (std::size_t i = 0; i < gibibyte; i += page) bytes_[i] = std::byte{1};
  }
  Pages(const Pages&) = delete;
  Pages& operator=(const Pages&) = delete;
  ~Pages() { munmap(bytes_, gibibyte); }

  // Whoever touches a byte meanwhile ends the process.
  void forbid() { ASSERT_EQ(mprotect(bytes_, gibibyte, PROT_NONE), 0); }
  void allow() { ASSERT_EQ(mprotect(bytes_, gibibyte, PROT_READ | PROT_WRITE), 0); }
  std::byte* begin() const noexcept { return bytes_; }
  std::span<std::uint8_t> span() const noexcept {
    return {reinterpret_cast<std::uint8_t*>(bytes_), gibibyte};
  }

 private:
  std::byte* const bytes_;
};

constexpr Kernel<void(Update<std::uint8_t>, Write<std::uint64_t>)> where{"where"};
constexpr const char* where_source = R"(
__kernel void where(__global uchar* all, ulong all_at, __global uchar* out, ulong out_at) {
  *(__global ulong*)(out + out_at) = (ulong)(all + all_at);
})";
// Adds one to the first byte of each page.
constexpr Kernel<void(Update<std::uint8_t>)> turn{"turn"};
constexpr const char* turn_source = R"(
__kernel void turn(__global uchar* all, ulong all_at) {
  all[all_at + 4096 * get_global_id(0)] += 1;
})";

class ZeroCopy : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_NE(copied_bytes_of_process(), nullptr) << "the counter is not preloaded";
    RuntimeOptions options;
    options.workers = 2;
    runtime.emplace(options);
    for (const auto& device : runtime->devices())
      if (device->info().backend == "opencl" && device->info().space == host_space)
        opencl = device->info().name;
    if (opencl.empty())
      GTEST_SKIP() << "unavailable: no unified OpenCL device (on Debian: pocl-opencl-icd)";
    throw_if_failed(define(where).opencl_c(where_source).into(runtime->kernels()));
    throw_if_failed(define(turn)
                        .host([](HostView<std::uint8_t> all) {
                          for (std::size_t i = 0; i < all.size(); i += page) all[i] += 1;
                        })
                        .opencl_c(turn_source)
                        .shape([](std::span<const Arg> args) {
                          return LaunchShape{{args[0].region.size() / page, 1, 1}, {}};
                        })
                        .into(runtime->kernels()));
    // What a driver loads and compiles once is not the buffer's.
    const HostBytes little{page};  // a device that is no CPU adopts whole pages only
    const Buffer<std::uint8_t> x =
        runtime->adopt(std::span{reinterpret_cast<std::uint8_t*>(little.host()), page});
    const Buffer<std::uint64_t> address = runtime->buffer<std::uint64_t>(1);
    Graph graph;
    graph.add(where, x, address).only_on(opencl);
    graph.add(turn, x).only_on(opencl);
    graph.add(turn, x).only_on("host");
    runtime->run(graph).wait();
  }

  std::optional<Runtime> runtime;
  std::string opencl;
};

TEST_F(ZeroCopy, the_counter_sees_a_copy) {
  std::vector<char> from(1 << 20), to(1 << 20);
  void* (*volatile copy)(void*, const void*, std::size_t) = std::memcpy;
  const std::uint64_t before = copied_bytes_of_process()();
  copy(to.data(), from.data(), from.size());
  EXPECT_EQ(copied_bytes_of_process()() - before, from.size());
}

TEST_F(ZeroCopy, the_kernel_sees_the_hosts_address_and_nobody_else_touches_a_byte) {
  Pages pages;
  std::uint64_t seen = 0;
  pages.forbid();
  {
    const Buffer<std::uint8_t> all = runtime->adopt(pages.span());
    const Buffer<std::uint64_t> address = runtime->buffer<std::uint64_t>(1);
    Graph graph;
    graph.add(where, all, address).only_on(opencl);
    runtime->run(graph).wait();
    EXPECT_EQ(static_cast<const void*>(all.read().data()), pages.begin());
    seen = address.read()[0];
  }
  pages.allow();
  EXPECT_EQ(seen, reinterpret_cast<std::uint64_t>(pages.begin()));
}

TEST_F(ZeroCopy, host_and_device_change_a_gibibyte_in_turns_and_neither_copies_nor_grows) {
  Pages pages;
  const std::uint64_t resident_before = resident_bytes();
  const std::uint64_t copied_before = copied_bytes_of_process()();
  {
    const Buffer<std::uint8_t> all = runtime->adopt(pages.span());
    Graph graph;
    for (int i = 0; i < 3; ++i) {
      graph.add(turn, all).only_on(opencl);
      graph.add(turn, all).only_on("host");
    }
    runtime->run(graph).wait();
    const std::span<const std::uint8_t> bytes = all.read();
    for (std::size_t i = 0; i < gibibyte; i += page) ASSERT_EQ(bytes[i], 7) << "byte " << i;
  }
  const std::uint64_t copied = copied_bytes_of_process()() - copied_before;
  const std::uint64_t resident = resident_bytes();
  const Counters counters = runtime->counters();
  std::cout << "resident before " << resident_before << ", after " << resident << "; copied "
            << counters.bytes_copied << " by count, " << copied << " by memcpy; handed over "
            << counters.bytes_handed_over << std::endl;
  EXPECT_LT(resident, resident_before + resident_growth_max);
  EXPECT_EQ(counters.bytes_copied, 0U);
  EXPECT_EQ(copied, 0U);
  // At each change of hands; the device was the first to have it.
  EXPECT_GE(counters.bytes_handed_over, 5 * gibibyte);
}

}  // namespace
}  // namespace troika

// Starts itself again with the counter before every other library.
int main(int argc, char** argv) {
  const char* const listed = std::getenv("LD_PRELOAD");
  const std::string preloaded = listed ? listed : "";
  if (!troika::copied_bytes_of_process() && !preloaded.starts_with(TROIKA_COPY_COUNTER)) {
    setenv("LD_PRELOAD", (TROIKA_COPY_COUNTER ":" + preloaded).c_str(), 1);
    execv("/proc/self/exe", argv);
  }
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
