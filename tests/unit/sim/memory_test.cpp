#include "tests/unit/sim/rig.h"

namespace troika::sim {
namespace {

TEST(SimMemory, gives_what_its_space_holds_and_no_more) {
  Rig rig;
  Memory& memory = rig.gpu0().memory();
  EXPECT_EQ(memory.bytes_free(), 1u << 20);
  auto half = std::move(*memory.allocate({.bytes = 1 << 19}));
  EXPECT_EQ(memory.bytes_free(), 1u << 19);
  const auto refused = memory.allocate({.bytes = (1 << 19) + 1});
  EXPECT_EQ(refused.status().code(), Code::out_of_memory);
  EXPECT_NE(refused.status().message().find("524288 bytes free"), std::string_view::npos);
  half.reset();
  EXPECT_TRUE(memory.allocate({.bytes = 1 << 20}).ok());
  EXPECT_EQ(memory.allocate({.bytes = 0}).status().code(), Code::invalid_argument);
  EXPECT_EQ(memory.allocate({.bytes = 8, .alignment = 3}).status().code(), Code::invalid_argument);
}

TEST(SimMemory, fresh_bytes_are_poison_as_aligned_as_asked) {
  Rig rig;
  const auto bytes = std::move(*rig.host().memory().allocate({.bytes = 100, .alignment = 8192}));
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(bytes->host()) % 8192, 0u);
  for (std::size_t i = 0; i < 100; ++i) ASSERT_EQ(bytes->host()[i], std::byte{0xCB});
}

TEST(SimMemory, a_device_attaches_once_to_bytes_of_its_own_space_only) {
  Rig rig;
  const auto bytes = std::move(*rig.host().memory().allocate({.bytes = 16}));
  auto handle = std::move(*rig.apu().memory().attach(*bytes));
  EXPECT_EQ(handle->host(), bytes->host());
  EXPECT_EQ(handle->space(), host_space);
  EXPECT_EQ(rig.apu().memory().attach(*bytes).status().code(), Code::invalid_argument);
  EXPECT_EQ(rig.gpu0().memory().attach(*bytes).status().code(), Code::invalid_argument);
  handle.reset();
  EXPECT_TRUE(rig.apu().memory().attach(*bytes).ok());
  EXPECT_TRUE(rig.world.violations().empty());
}

TEST(SimMemory, adopted_pages_are_the_callers_and_shared_by_all_who_adopt_them) {
  Rig rig;
  Lane host{rig.world, rig.host(), QueueId{0}, QueueUse::compute, 0};
  Lane other{rig.world, rig.host(), QueueId{1}, QueueUse::compute, 1};
  std::vector<std::byte> pages(64, std::byte{7});
  const auto all = std::move(*rig.host().memory().adopt(pages));
  const auto half = std::move(*rig.host().memory().adopt(std::span{pages}.subspan(32)));
  EXPECT_EQ(all->host(), pages.data());
  EXPECT_EQ(half->host(), pages.data() + 32);
  EXPECT_EQ(rig.gpu0().memory().adopt(pages).status().code(), Code::unsupported);

  host.read(whole(*all));
  host.flush();
  rig.world.run_until_idle();
  EXPECT_TRUE(rig.world.violations().empty()) << "the caller has written them";
  host.update(whole(*all));
  other.update(whole(*half));
  host.flush();
  other.flush();
  rig.world.run_until_idle();
  EXPECT_TRUE(only_violation(rig.world, "writes while"));
}

TEST(SimMemory, a_device_that_adopts_reads_host_pages_over_its_link) {
  Machine machine = small_machine();
  machine.devices[1].adopts = true;
  Rig rig{{}, {}, machine};
  Lane gpu{rig.world, rig.gpu0(), QueueId{1}};
  std::vector<std::byte> pages(5'000, std::byte{7});
  const auto handle = std::move(*rig.gpu0().memory().adopt(pages));
  gpu.read(whole(*handle));
  gpu.flush();
  rig.world.run_until_idle();
  EXPECT_EQ(gpu.listener.seen.at(0).at, 15 * us) << "10 us, and 5,000 bytes at 1 GB/s";
  EXPECT_TRUE(rig.world.violations().empty());
}

TEST(SimMemory, what_is_leaked_on_purpose_is_counted_and_freed_with_the_world) {
  Rig rig;
  auto bytes = std::move(*rig.gpu0().memory().allocate({.bytes = 16}));
  EXPECT_EQ(rig.world.live_allocations(), 1u);
  static_cast<void>(bytes.release());
  EXPECT_EQ(rig.world.live_allocations(), 1u);
}

}  // namespace
}  // namespace troika::sim
