#include "runtime/base/status.h"

#include <gtest/gtest.h>

#include "runtime/base/result.h"

namespace troika {
namespace {

TEST(Status, says_its_code_and_message) {
  const Status status{Code::out_of_memory, "64 MiB on gpu0"};
  EXPECT_FALSE(status.ok());
  EXPECT_EQ(status.to_string(), "out_of_memory: 64 MiB on gpu0");
}

TEST(Status, keeps_its_code_when_told_in_a_wider_context) {
  const Status status = Status{Code::device_lost, "gpu0"}.within("task 3 (blur)");
  EXPECT_EQ(status.to_string(), "device_lost: task 3 (blur): gpu0");
  EXPECT_TRUE(Status{}.within("anything").ok());
}

Result<int> half(int value) {
  if (value % 2 != 0) return Status{Code::invalid_argument, "odd"};
  return value / 2;
}

Result<int> quarter(int value) {
  TROIKA_ASSIGN(const int first, half(value));
  return half(first);
}

TEST(Result, assign_returns_the_first_failure) {
  EXPECT_EQ(*quarter(12), 3);
  EXPECT_EQ(quarter(3).status().code(), Code::invalid_argument);
  EXPECT_EQ(quarter(6).status().code(), Code::invalid_argument);
}

}  // namespace
}  // namespace troika
