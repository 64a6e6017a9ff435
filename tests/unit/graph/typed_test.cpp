#include "runtime/graph/typed.h"

#include <array>

#include <gtest/gtest.h>

#include "runtime/graph/kernel_registry.h"

namespace troika {
namespace {

constexpr Kernel<void(Read<float>, Update<float>, float)> saxpy{"saxpy"};

class Bytes final : public Allocation {
 public:
  explicit Bytes(std::span<std::byte> at) : Allocation{host_space, at.size(), at.data()} {}
};

TEST(Typed, a_host_function_sees_views_and_scalars) {
  std::vector<float> x{1, 2, 3, 4}, y{10, 20, 30, 40};
  const Bytes in_x{std::as_writable_bytes(std::span{x})},
      in_y{std::as_writable_bytes(std::span{y})};
  const HostFunction function =
      host_function(saxpy, [](HostView<const float> a, HostView<float> b, float factor) {
        for (std::size_t row = 0; row < a.rows(); ++row)
          for (std::size_t i = 0; i < a.cols(); ++i) b.row(row)[i] += factor * a.row(row)[i];
      });
  // The left column of 2 x 2.
  const std::vector<KernelArg> args{
      {Span2D{&in_x, 0, 4, 2, 8}, {}}, {Span2D{&in_y, 0, 4, 2, 8}, {}}, {{}, Scalar::of(2.0F)}};
  function.call(function.state.get(), HostCall{args, nullptr});
  EXPECT_EQ(y, (std::vector<float>{12, 20, 36, 40}));
}

TEST(Typed, a_function_that_could_do_without_a_context_is_given_none) {
  static std::size_t seen = 0;
  const auto any = [](auto&&... all) { seen = sizeof...(all); };
  EXPECT_FALSE(spawns(saxpy, any));
  EXPECT_TRUE(spawns(saxpy, [](TaskContext&, auto&&...) {}));
  std::array<float, 1> one{};
  const Bytes bytes{std::as_writable_bytes(std::span{one})};
  const Span2D element{&bytes, 0, 1, 1, sizeof(float)};
  const std::vector<KernelArg> args{{element, {}}, {element, {}}, {{}, Scalar::of(2.0F)}};
  const HostFunction function = host_function(saxpy, any);
  function.call(function.state.get(), HostCall{args, nullptr});
  EXPECT_EQ(seen, 3U);
}

TEST(Typed, a_kernel_defined_twice_with_other_parameters_is_refused) {
  constexpr Kernel<void(Read<float>)> other{"saxpy"};
  KernelRegistry registry;
  EXPECT_TRUE(define(saxpy).opencl_c("source").into(registry).ok());
  EXPECT_TRUE(
      define(saxpy).host([](HostView<const float>, HostView<float>, float) {}).into(registry).ok());
  EXPECT_EQ(define(other).opencl_c("source").into(registry).to_string(),
            "invalid_argument: kernel 'saxpy' is already defined with other parameters");
  EXPECT_EQ(define(saxpy).opencl_c("source").into(registry).to_string(),
            "invalid_argument: kernel 'saxpy' already has an implementation in opencl-c");
}

}  // namespace
}  // namespace troika
