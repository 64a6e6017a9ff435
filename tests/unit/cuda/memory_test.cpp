#include "tests/host_bytes.h"
#include "tests/unit/cuda/scripted_driver.h"

namespace troika::cuda {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

using CudaMemoryTest = ScriptedDriver;

TEST_F(CudaMemoryTest, memory_is_taken_and_freed_on_one_stream_and_nobody_waits) {
  CudaMemory memory{core};
  memory.allocate({1000})->reset();
  EXPECT_THAT(calls, ElementsAre("allocate stream2", "record stream2 event4", "free stream2"));
  EXPECT_EQ(memory.bytes_free(), core->budget.bytes);
}

TEST_F(CudaMemoryTest, what_the_driver_refuses_is_free_again) {
  CudaMemory memory{core};
  refuses = CUDA_ERROR_OUT_OF_MEMORY;
  const Status refused = memory.allocate({1000}).status();
  EXPECT_EQ(refused.code(), Code::out_of_memory);
  EXPECT_THAT(refused.to_string(), HasSubstr("cuMemAllocFromPoolAsync of 1000 bytes on fake0"));
  EXPECT_EQ(memory.bytes_free(), core->budget.bytes);
}

TEST_F(CudaMemoryTest, beyond_the_budget_the_driver_is_not_asked) {
  CudaMemory memory{core};
  EXPECT_EQ(memory.allocate({core->budget.bytes + 1}).status().code(), Code::out_of_memory);
  EXPECT_TRUE(calls.empty());
}

TEST_F(CudaMemoryTest, users_of_the_same_pages_share_one_registration) {
  CudaMemory memory{core};
  HostBytes host{4 * 4096};
  {
    const auto whole = memory.pin({host.host(), host.bytes()});
    const auto part = memory.adopt({host.host() + 5000, 100});
    ASSERT_TRUE(whole.ok() && part.ok());
    EXPECT_EQ(count("register"), 1U);
    EXPECT_EQ((*part)->host(), host.host() + 5000);
    EXPECT_EQ((*part)->space(), host_space);
  }
  EXPECT_EQ(count("unregister"), 1U);
  EXPECT_EQ(calls.back(), "unregister");
}

TEST_F(CudaMemoryTest, pages_that_are_registered_in_part_are_refused_by_name) {
  CudaMemory memory{core};
  HostBytes host{4 * 4096};
  const auto half = memory.pin({host.host(), 2 * 4096});
  ASSERT_TRUE(half.ok());
  const Status refused = memory.adopt({host.host() + 4096, 2 * 4096}).status();
  EXPECT_EQ(refused.code(), Code::unsupported);
  EXPECT_THAT(refused.to_string(), HasSubstr("a part of their pages is registered already"));
}

TEST_F(CudaMemoryTest, pages_that_others_registered_stay_theirs) {
  CudaMemory memory{core};
  HostBytes host{4096};
  refuses = CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED;
  EXPECT_TRUE(memory.pin({host.host(), 4096}).ok());
  EXPECT_EQ(count("unregister"), 0U);
}

TEST_F(CudaMemoryTest, a_kernel_gets_the_devices_address_of_mapped_pages_not_the_hosts) {
  core->space = host_space;
  core->reach = Reach::mapped;
  CudaMemory memory{core};
  HostBytes host{4096};
  const auto attached = memory.attach(host);
  ASSERT_TRUE(attached.ok());
  EXPECT_EQ(count("register"), 0U) << "the strand does not wait for it";
  const Buffer& buffer = *Buffer::of(*core, attached->get());
  const Current current{*core};
  ASSERT_TRUE(buffer.map().ok());
  EXPECT_EQ(buffer.address(), reinterpret_cast<CUdeviceptr>(host.host()) + 1);
}

TEST_F(CudaMemoryTest, a_device_that_walks_the_hosts_page_tables_registers_nothing) {
  core->space = host_space;
  core->reach = Reach::page_tables;
  CudaMemory memory{core};
  HostBytes host{4096};
  const auto attached = memory.attach(host);
  ASSERT_TRUE(attached.ok());
  const Buffer& buffer = *Buffer::of(*core, attached->get());
  EXPECT_EQ(buffer.address(), reinterpret_cast<CUdeviceptr>(host.host()));
  const auto own = memory.allocate({5000});
  ASSERT_TRUE(own.ok());
  (*own)->host()[4999] = std::byte{1};
  EXPECT_TRUE(calls.empty());
}

TEST_F(CudaMemoryTest, what_a_device_opened_is_closed_and_its_context_released_last) {
  core.reset();
  EXPECT_THAT(calls,
              ElementsAre("destroy pool", "destroy event4", "destroy stream2", "release context"));
}

}  // namespace
}  // namespace troika::cuda
