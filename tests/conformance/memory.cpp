// What the suite demands of a device's memory.
#include <numeric>

#include "tests/conformance/check.h"

using namespace troika;
using namespace troika::conformance;

TROIKA_PROVE(memory, an_allocation_holds_what_is_written_to_it) {
  Stream& queue = stream();
  Allocation& first = allocate(4 * 1000);
  Allocation& second = allocate(4 * 1000);
  std::vector<std::int32_t> values(1000);
  std::iota(values.begin(), values.end(), 1);
  write(queue, first, values);
  write(queue, second, std::vector<std::int32_t>(1000, -1));
  EXPECT_EQ(read<std::int32_t>(queue, first, 1000), values);
}

TROIKA_PROVE(memory, an_allocation_knows_its_space_and_its_bytes) {
  Allocation& odd = allocate(12'345);
  EXPECT_EQ(odd.space(), device().memory().space());
  EXPECT_EQ(odd.space(), device().info().space);
  EXPECT_EQ(odd.bytes(), 12'345U);
}

TROIKA_PROVE(memory, alignment_is_as_asked_and_never_less_than_a_page) {
  for (const std::size_t alignment : {std::size_t{1}, std::size_t{4096}, std::size_t{1} << 16}) {
    TROIKA_NEED(auto aligned, device().memory().allocate({100, alignment, 0}));
    if (!aligned->host()) GTEST_SKIP() << "unavailable: the host cannot see the addresses";
    EXPECT_EQ(
        reinterpret_cast<std::uintptr_t>(aligned->host()) % std::max(alignment, std::size_t{4096}),
        0U);
  }
}

TROIKA_PROVE(memory, asking_for_more_than_is_free_says_how_much_was_asked_for) {
  const std::size_t too_much = std::size_t{1} << 50;
  const auto refused = device().memory().allocate({too_much});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.status().code(), Code::out_of_memory);
  EXPECT_NE(refused.status().message().find(std::to_string(too_much)), std::string_view::npos)
      << refused.status().to_string();
}

TROIKA_PROVE(memory, an_allocation_of_no_bytes_is_refused) {
  EXPECT_EQ(device().memory().allocate({0}).status().code(), Code::invalid_argument);
}

TROIKA_PROVE(memory, a_device_in_the_hosts_space_works_in_place_on_attached_bytes) {
  if (!on_host_space()) GTEST_SKIP() << "unavailable: the device has a space of its own";
  Stream& queue = stream();
  HostBytes page{4096};
  HostBytes less{100};
  TROIKA_NEED(auto whole, device().memory().attach(page));
  const auto part = device().memory().attach(less);
  ASSERT_TRUE(part.ok()) << part.status().to_string();
  for (const auto& [bytes, handle] :
       {std::pair{&page, whole.get()}, std::pair{&less, part->get()}}) {
    const std::size_t size = bytes->bytes();
    EXPECT_EQ(handle->host(), bytes->host());
    EXPECT_EQ(handle->bytes(), size);
    ASSERT_TRUE(arrives(queue, queue->fill({row(*handle, 0, size), Scalar::of<std::uint8_t>(7)})));
    ASSERT_TRUE(arrives(queue, queue->hand_over({row(*handle, 0, size), Towards::host, false})));
    EXPECT_EQ(bytes->host()[0], std::byte{7});
    EXPECT_EQ(bytes->host()[size - 1], std::byte{7});
  }
}

TROIKA_PROVE(memory, adopted_host_pages_are_worked_on_in_place) {
  HostBytes bytes{8192};
  Stream& queue = stream();
  TROIKA_NEED(auto adopted, device().memory().adopt({bytes.host(), 8192}));
  ASSERT_TRUE(arrives(queue, queue->fill({row(*adopted, 0, 8192), Scalar::of<std::uint8_t>(9)})));
  ASSERT_TRUE(arrives(queue, queue->hand_over({row(*adopted, 0, 8192), Towards::host, false})));
  EXPECT_EQ(bytes.host()[0], std::byte{9});
  EXPECT_EQ(bytes.host()[8191], std::byte{9});
}

TROIKA_PROVE(memory, a_host_page_can_be_pinned_or_the_device_says_it_need_not) {
  HostBytes bytes{4096};
  EXPECT_TRUE(device().memory().pin({bytes.host(), 4096}).ok());
}
