// What is special to the host's memory; the conformance suite proves the rest.
#include <charconv>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "backends/host/host.h"

namespace troika::host {
namespace {

// The kernel's flags of the mapping that has this byte, as it prints them: "rd wr ... hg".
std::string flags_of_mapping(const std::byte* byte) {
  const auto address = reinterpret_cast<std::uintptr_t>(byte);
  std::ifstream maps{"/proc/self/smaps"};
  bool inside = false;
  for (std::string line; std::getline(maps, line);) {
    std::uintptr_t begin = 0, end = 0;
    const auto [dash, error] = std::from_chars(line.data(), line.data() + line.size(), begin, 16);
    if (error == std::errc{} && *dash == '-') {
      std::from_chars(dash + 1, line.data() + line.size(), end, 16);
      inside = begin <= address && address < end;
    } else if (inside && line.starts_with("VmFlags:")) {
      return line;
    }
  }
  return "none";
}

bool has_huge_pages() {
  return std::ifstream{"/sys/kernel/mm/transparent_hugepage/enabled"}.good();
}

struct HostMemory : testing::Test {
  static constexpr std::size_t huge = std::size_t{2} << 20;
  Memory memory;
};

TEST_F(HostMemory, large_allocations_are_offered_as_huge_pages) {
  if (!has_huge_pages()) GTEST_SKIP() << "this kernel has no transparent huge pages";
  const auto large = memory.allocate({3 * huge / 2, 64}), small = memory.allocate({huge / 2, 64});
  ASSERT_TRUE(large.ok() && small.ok());
  EXPECT_NE(flags_of_mapping((*large)->host()).find(" hg"), std::string::npos);
  EXPECT_EQ(flags_of_mapping((*small)->host()).find(" hg"), std::string::npos);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>((*large)->host()) % huge, 0u);
}

TEST_F(HostMemory, a_large_allocation_goes_back_to_the_system_whole) {
  auto made = memory.allocate({2 * huge, 4 * huge});
  ASSERT_TRUE(made.ok());
  const std::byte* const first = (*made)->host();
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(first) % (4 * huge), 0u);
  made->reset();
  EXPECT_EQ(flags_of_mapping(first), "none");
  EXPECT_EQ(flags_of_mapping(first + 2 * huge - 1), "none");
}

}  // namespace
}  // namespace troika::host
