#include "bench/spin.h"

#include <chrono>

#include "bench/samples.h"

namespace troika::bench {
namespace {

void spin_on_host(const void*, const HostCall& call) {
  const std::chrono::duration<double, std::micro> wanted{
      call.args[call.args.size() - 2].scalar.as<float>()};
  const auto end = std::chrono::steady_clock::now() + wanted;
  while (std::chrono::steady_clock::now() < end) {
  }
}

LaunchShape one_item(std::span<const Arg>) { return {}; }

// Seeds the cost model: as many nanoseconds at one flop each.
Work as_long(std::span<const Arg> args) {
  return {1e3 * args[args.size() - 2].scalar.as<float>(), 0};
}

// `head` begins the function, `byte` and `word` are what a buffer is given as: the rest is C in
// every dialect.
std::string device_code(const char* head, const char* byte, const char* word, std::size_t buffers) {
  std::string code = head;
  for (std::size_t b = 0; b < buffers; ++b) {
    const std::string name = "b" + std::to_string(b);
    code += std::string{byte} + "* " + name + ", " + word + " " + name + "_at, ";
  }
  return code +
         "float micros, float loops_per_micro) {\n"
         "  unsigned x = 1, loops = (unsigned)(micros * loops_per_micro);\n"
         "  for (unsigned i = 0; i < loops; ++i) { x ^= x << 13; x ^= x >> 17; x ^= x << 5; }\n"
         "  volatile unsigned kept = x;\n"
         "}\n";
}

}  // namespace

Status define_spin(KernelRegistry& kernels, const std::string& name,
                   std::span<const Access> accesses) {
  Operation operation;
  operation.name = name;
  for (const Access access : accesses) operation.params.push_back({true, Type::u8, access});
  operation.params.insert(operation.params.end(), 2, {false, Type::f32, Access::read});
  operation.shape = one_item;
  operation.work = as_long;
  KernelImage host;
  host.operation = name;
  host.dialect = Dialect::host;
  host.params = operation.params;
  host.function.call = spin_on_host;
  KernelImage opencl = host;
  opencl.dialect = Dialect::opencl_c;
  opencl.function = {};
  opencl.entry = "spin";
  opencl.code = device_code("kernel void spin(", "global uchar", "ulong", accesses.size());
  KernelImage cuda = opencl;
  cuda.dialect = Dialect::ptx;
  cuda.code = device_code("extern \"C\" __global__ void spin(", "unsigned char",
                          "unsigned long long", accesses.size());
  operation.images = {std::move(host), std::move(opencl), std::move(cuda)};
  return kernels.define(std::move(operation));
}

float measure_loops_per_micro(Runtime& runtime, const std::string& device) {
  throw_if_failed(define_spin(runtime.kernels(), "loops", {}));
  // The least of many short ones: whatever else ran meanwhile is none of the kernel's time.
  const auto least_micros = [&](float loops) {
    Graph graph;
    graph.add("loops", {loops, 1.0F}).only_on(device);
    const Plan plan = runtime.compile(graph);
    runtime.run(plan).wait();  // compiles
    std::vector<double> micros;
    for (int run = 0; run < 30; ++run)
      micros.push_back(nanos([&] { runtime.run(plan).wait(); }) / 1e3);
    return summary_of(micros).low;
  };
  constexpr float loops = 1 << 18;
  const double launch = least_micros(0), spun = least_micros(loops);
  if (spun <= launch)
    throw Error{Status{Code::internal, device + " spins no longer for more loops"}};
  return loops / static_cast<float>(spun - launch);
}

}  // namespace troika::bench
