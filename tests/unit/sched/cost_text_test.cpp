#include "runtime/sched/cost_text.h"

#include <random>

#include <gtest/gtest.h>

namespace troika {
namespace {

const std::string header = "troika-cost-model 1\n";

std::string refusal(const std::string& text) { return read_costs(text).status().to_string(); }

TEST(CostText, names_may_hold_any_byte) {
  const std::vector<CostRecord> records{{"a b%\n\xff", "", 7, 1e300, 0.1, {1, 2.5, 3e9}}};
  const auto read = read_costs(write_costs(records));
  ASSERT_TRUE(read.ok()) << read.status().to_string();
  ASSERT_EQ(read->size(), 1U);
  EXPECT_EQ((*read)[0].device, records[0].device);
  EXPECT_EQ((*read)[0].kernel, records[0].kernel);
  EXPECT_EQ((*read)[0].bytes, records[0].bytes);
  EXPECT_EQ((*read)[0].work_flops, records[0].work_flops);
  EXPECT_EQ((*read)[0].work_bytes, records[0].work_bytes);
  EXPECT_EQ((*read)[0].times, records[0].times);
}

TEST(CostText, each_fault_is_named_with_its_line) {
  const auto line = [](const std::string& text) {
    return refusal(header + "d k 1 1 1 5\n" + text);
  };
  const std::string at = "invalid_argument: cost model: line 3: ";
  EXPECT_EQ(refusal(""), "invalid_argument: cost model: line 1: expected 'troika-cost-model 1'");
  EXPECT_EQ(refusal("{}"), "invalid_argument: cost model: line 1: expected 'troika-cost-model 1'");
  EXPECT_EQ(line("\n"), at + "no device name");
  EXPECT_EQ(line("%2"), at + "no device name");
  EXPECT_EQ(line("%zz k 1 1 1 1"), at + "no device name");
  EXPECT_EQ(line("d"), at + "no kernel name");
  EXPECT_EQ(line("d k -1 1 1 1"), at + "no size in bytes");
  EXPECT_EQ(line("d k 99999999999999999999 1 1 1"), at + "no size in bytes");
  EXPECT_EQ(line("d k 1 nan 1 1"), at + "no count of flops");
  EXPECT_EQ(line("d k 1 1 inf 1"), at + "no count of moved bytes");
  EXPECT_EQ(line("d k 1 1 1"), at + "no times");
  EXPECT_EQ(line("d k 1 1 1 0"), at + "not a time");
  EXPECT_EQ(line("d k 1 1 1 1e300"), at + "not a time");
  EXPECT_EQ(line("d k 1 1 1 1  2"), at + "not a time");
  EXPECT_EQ(line("d k 1 1 1 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17"), at + "too many times");
}

TEST(CostText, a_text_that_breaks_off_is_not_read_beyond_its_end) {
  const std::string whole = header + "a%20 b%20 1 1 1 5 6\n";
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const std::vector<char> part{whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)};
    const auto read = read_costs({part.data(), part.size()});
    EXPECT_TRUE(!read.ok() || read->size() <= 1);
  }
}

TEST(CostText, no_damaged_text_makes_it_crash) {
  std::mt19937_64 random{1};
  const std::string good = write_costs(
      {{"gpu 0", "blur", 4096, 1e6, 1e6, {1e6, 2e6}}, {"cpu", "sobel", 64, 0.5, 1, {3, 4, 5}}});
  for (int i = 0; i < 5000; ++i) {
    std::string text = good;
    for (std::uint64_t damage = 1 + random() % 4; damage > 0; --damage) {
      const std::size_t at = random() % text.size();
      if (random() % 2 == 0) text[at] = static_cast<char>(random() % 256);
      else text.erase(at, 1 + random() % 8);
      if (text.empty()) text.push_back(' ');
    }
    const auto read = read_costs(text);
    if (!read.ok()) continue;
    for (const CostRecord& record : *read) EXPECT_FALSE(record.times.empty());
  }
}

}  // namespace
}  // namespace troika
