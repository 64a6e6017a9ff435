#include "bench/transfers.h"

#include "bench/samples.h"

namespace troika::bench {
namespace {

using Bytes = std::uint8_t;
constexpr Kernel<void(Write<Bytes>)> touch_to_write{"touch_to_write"};
constexpr Kernel<void(Read<Bytes>)> touch_to_read{"touch_to_read"};
constexpr const char* code =
    "kernel void touch_to_write(global uchar* x, ulong x_at) {}"
    "kernel void touch_to_read(global const uchar* x, ulong x_at) {}";
constexpr const char* cuda_code =
    "extern \"C\" __global__ void touch_to_write(unsigned char* x, unsigned long long x_at) {}"
    "extern \"C\" __global__ void touch_to_read(const unsigned char* x, unsigned long long x_at) "
    "{}";

LaunchShape one_item(std::span<const Arg>) { return {}; }

}  // namespace

Status define_touches(KernelRegistry& kernels) {
  TROIKA_TRY(define(touch_to_write)
                 .host([](HostView<Bytes>) {})
                 .opencl_c(code)
                 .cuda(cuda_code)
                 .shape(one_item)
                 .into(kernels));
  return define(touch_to_read)
      .host([](HostView<const Bytes>) {})
      .opencl_c(code)
      .cuda(cuda_code)
      .shape(one_item)
      .into(kernels);
}

Transfer measure_transfer(Runtime& runtime, const std::string& from, const std::string& to,
                          std::size_t bytes, unsigned repeats) {
  const auto buffer = runtime.buffer<Bytes>(bytes);
  Graph writing, reading;
  writing.add(touch_to_write, buffer).only_on(from);
  reading.add(touch_to_read, buffer).only_on(to);
  const Plan write = runtime.compile(writing), read = runtime.compile(reading);
  Transfer result;
  for (unsigned repeat = 0; repeat <= repeats; ++repeat) {
    runtime.run(write).wait();
    const Counters before = runtime.counters();
    const double there = nanos([&] { runtime.run(read).wait(); }) / 1e3;
    const Counters after = runtime.counters();
    const double again = nanos([&] { runtime.run(read).wait(); }) / 1e3;
    if (repeat == 0) continue;  // the first allocates and compiles
    result.micros.push_back(there);
    result.launch_micros.push_back(again);
    result.bytes_copied = after.bytes_copied - before.bytes_copied;
    result.bytes_handed_over = after.bytes_handed_over - before.bytes_handed_over;
  }
  return result;
}

}  // namespace troika::bench
