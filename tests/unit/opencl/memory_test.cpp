#include <signal.h>
#include <sys/mman.h>

#include "tests/unit/opencl/fixture.h"

namespace troika {
namespace {

using testing::HasSubstr;

class OpenClMemory : public OpenClTest {
 protected:
  static KernelImage where_image() {
    return image("where",
                 {buffer_param(Type::u8, Access::read), buffer_param(Type::u64, Access::write)},
                 "__kernel void where(__global uchar* a, ulong ao, __global ulong* o, ulong oo) {\n"
                 "  o[0] = (ulong)(a + ao);\n"
                 "}\n");
  }
  std::uint64_t address_in_kernel(const Allocation& of, std::size_t offset) {
    const auto where = load(where_image());
    const auto out = allocate(8);
    auto queue = create_queue();
    const KernelArg args[] = {buffer_arg(of, offset), buffer_arg(*out)};
    finish(*queue, *queue->launch({where.get(), args, {}, nullptr}));
    finish(*queue, *queue->hand_over({{out.get(), 0, 8}, Towards::host, false}));
    return *as<std::uint64_t>(*out);
  }
};

TEST_F(OpenClMemory, is_the_hosts_own_space) {
  EXPECT_EQ(device->info().space, host_space);
  EXPECT_EQ(device->memory().space(), host_space);
  EXPECT_FALSE(device->info().cores.empty());
  EXPECT_GT(device->memory().bytes_free(), 0U);
}

TEST_F(OpenClMemory, kernels_see_allocated_attached_and_adopted_bytes_where_the_host_does) {
  const auto allocated = allocate(100'000);
  EXPECT_EQ(address_in_kernel(*allocated, 77),
            reinterpret_cast<std::uint64_t>(allocated->host() + 77));
  HostBytes bytes{100'000};
  const auto attached = device->memory().attach(bytes);
  ASSERT_TRUE(attached.ok()) << attached.status().to_string();
  EXPECT_EQ((*attached)->host(), bytes.host());
  EXPECT_EQ(address_in_kernel(**attached, 5), reinterpret_cast<std::uint64_t>(bytes.host() + 5));
  HostBytes pages{100'000};
  const auto adopted = device->memory().adopt({pages.host(), pages.bytes()});
  ASSERT_TRUE(adopted.ok()) << adopted.status().to_string();
  EXPECT_EQ(address_in_kernel(**adopted, 0), reinterpret_cast<std::uint64_t>(pages.host()));
}

// Any byte that the driver touched, to copy or compare it, would end the process.
TEST_F(OpenClMemory, no_byte_is_touched_by_attach_hand_over_and_release) {
  constexpr std::size_t bytes = std::size_t{256} << 20U;
  void* const pages =
      mmap(nullptr, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  ASSERT_NE(pages, MAP_FAILED);
  auto queue = create_queue();
  {
    const auto adopted = device->memory().adopt({static_cast<std::byte*>(pages), bytes});
    ASSERT_TRUE(adopted.ok()) << adopted.status().to_string();
    const Span2D whole{adopted->get(), 0, bytes, 1, 0};
    finish(*queue, *queue->hand_over({whole, Towards::host, true}));
    finish(*queue, *queue->hand_over({whole, Towards::device, true}));
    finish(*queue, *queue->hand_over({whole, Towards::host, false}));
    EXPECT_EQ(queue->reached().value, 3U);
    EXPECT_TRUE(reports.failures().empty());
  }  // released while mapped
  munmap(pages, bytes);
}

TEST_F(OpenClMemory, counts_its_own_allocations) {
  const std::size_t before = device->memory().bytes_free();
  {
    const auto some = allocate(10'000);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(some->host()) % 4096, 0U);
    EXPECT_EQ(device->memory().bytes_free(), before - 12'288);
  }
  EXPECT_EQ(device->memory().bytes_free(), before);
}

TEST_F(OpenClMemory, that_is_not_there_is_out_of_memory_with_both_amounts) {
  const std::size_t free = device->memory().bytes_free();
  const auto much = device->memory().allocate({free + 1});
  EXPECT_EQ(much.status().to_string(), "out_of_memory: allocation of " + std::to_string(free + 1) +
                                           " bytes on " + device->info().name + " (" +
                                           std::to_string(free) + " bytes free)");
}

TEST_F(OpenClMemory, refuses_what_it_cannot_mean) {
  EXPECT_EQ(device->memory().allocate({0}).status().code(), Code::invalid_argument);
  EXPECT_EQ(device->memory().allocate({64, 3}).status().code(), Code::invalid_argument);
  EXPECT_EQ(device->memory().allocate({64, 1U << 20U}).status().code(), Code::unsupported);
  EXPECT_EQ(device->memory().adopt({}).status().code(), Code::invalid_argument);
}

}  // namespace
}  // namespace troika
