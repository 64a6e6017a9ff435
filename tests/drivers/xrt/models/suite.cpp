// The circuits of the conformance suite's kernels, and of those that unit tests need: C++ in place
// of logic. Buffers are two arguments each, a base and a byte offset.
#include <atomic>
#include <thread>

#include "tests/drivers/xrt/model.h"

using xrt_model::Call;

extern "C" {

void suite_add(Call& call) {
  const auto n = call.argument<std::int32_t>(5);
  const auto v = call.argument<std::int32_t>(4);
  const auto* x = call.elements<std::int32_t>(0, static_cast<std::size_t>(n));
  auto* y = call.elements<std::int32_t>(2, static_cast<std::size_t>(n));
  for (std::int32_t i = 0; i < n; ++i) y[i] = x[i] + v;
}

void suite_mix(Call& call) {
  const auto a = call.argument<std::uint32_t>(2);
  const auto b = call.argument<std::uint32_t>(3);
  const auto n = call.argument<std::int32_t>(4);
  auto* x = call.elements<std::uint32_t>(0, static_cast<std::size_t>(n));
  for (std::int32_t i = 0; i < n; ++i) x[i] = x[i] * a + b;
}

void suite_index2d(Call& call) {
  const auto width = call.argument<std::int32_t>(2);
  const auto height = call.argument<std::int32_t>(3);
  const auto pitch = call.argument<std::int32_t>(4);
  auto* y = call.elements<std::int32_t>(0, static_cast<std::size_t>((height - 1) * pitch + width));
  for (std::int32_t r = 0; r < height; ++r)
    for (std::int32_t c = 0; c < width; ++c) y[r * pitch + c] = r * width + c;
}

void suite_scalars(Call& call) {
  auto* y = call.elements<std::int64_t>(0, 9);
  y[0] = call.argument<std::uint8_t>(2);
  // A number, not a character: its sign is to arrive. NOLINTNEXTLINE(bugprone-signed-char-misuse)
  y[1] = call.argument<std::int8_t>(3);
  y[2] = call.argument<std::uint16_t>(4);
  y[3] = call.argument<std::int16_t>(5);
  y[4] = call.argument<std::int32_t>(6);
  y[5] = call.argument<std::uint32_t>(7);
  y[6] = call.argument<std::int64_t>(8);
  y[7] = static_cast<std::int64_t>(call.argument<std::uint64_t>(9));
  y[8] = static_cast<std::int64_t>(call.argument<float>(10) * 4.0F);
}

void suite_fail(Call&) { throw xrt_model::UnitError{"failed as the suite asked"}; }

// Says that it has begun, waits until the host lets it go, and says that it has ended: at an
// address of the host's, which no circuit could know.
void suite_spin(Call& call) {
  auto* const words = reinterpret_cast<std::int32_t*>(call.argument<std::uint64_t>(0));
  std::atomic_ref<std::int32_t>{words[1]}.fetch_add(1);
  const std::atomic_ref<std::int32_t> opened{words[0]};
  while (opened.load() == 0 && !call.is_reset()) std::this_thread::yield();
  std::atomic_ref<std::int32_t>{words[2]}.fetch_add(1);
}

// Copies from one bank to another: y = x.
void far_copy(Call& call) {
  const auto n = call.argument<std::int32_t>(4);
  const auto* x = call.elements<std::int32_t>(0, static_cast<std::size_t>(n));
  auto* y = call.elements<std::int32_t>(2, static_cast<std::size_t>(n));
  for (std::int32_t i = 0; i < n; ++i) y[i] = x[i];
}

// The kernel of another image: y = 2 x.
void other_double(Call& call) {
  const auto n = call.argument<std::int32_t>(4);
  const auto* x = call.elements<std::int32_t>(0, static_cast<std::size_t>(n));
  auto* y = call.elements<std::int32_t>(2, static_cast<std::size_t>(n));
  for (std::int32_t i = 0; i < n; ++i) y[i] = 2 * x[i];
}
}
