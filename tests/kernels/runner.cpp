#include "tests/kernels/runner.h"

namespace troika::kernels {

Status Runner::run(const Operation& operation, std::span<const CallArg> args) {
  if (args.size() != operation.params.size())
    return {Code::invalid_argument, operation.name + " takes " +
                                        std::to_string(operation.params.size()) +
                                        " arguments, not " + std::to_string(args.size())};
  std::vector<Arg> described(args.size());
  for (std::size_t i = 0; i < args.size(); ++i) {
    const Param& param = operation.params[i];
    const bool is_buffer = !args[i].bytes.empty();
    if (is_buffer != param.is_buffer || (!is_buffer && args[i].scalar.type != param.type))
      return {Code::invalid_argument,
              operation.name + ": argument " + std::to_string(i) + " is of another kind"};
    if (is_buffer && args[i].region.end() > args[i].bytes.size())
      return {Code::out_of_range,
              operation.name + ": argument " + std::to_string(i) + " ends beyond its buffer"};
    described[i].is_buffer = is_buffer;
    described[i].access = param.access;
    described[i].region = args[i].region;
    described[i].scalar = args[i].scalar;
  }
  return launch(operation, args, operation.shape_of(described));
}

namespace {

class Bytes final : public Allocation {
 public:
  explicit Bytes(std::span<std::byte> bytes) : Allocation{host_space, bytes.size(), bytes.data()} {}
};

class HostRunner final : public Runner {
  Status launch(const Operation& operation, std::span<const CallArg> args,
                const LaunchShape&) override {
    std::vector<std::unique_ptr<Bytes>> allocations;
    std::vector<KernelArg> list;
    for (const CallArg& arg : args) {
      KernelArg& to = list.emplace_back();
      to.scalar = arg.scalar;
      if (arg.bytes.empty()) continue;
      allocations.push_back(std::make_unique<Bytes>(arg.bytes));
      const Region& r = arg.region;
      to.span = {allocations.back().get(), r.offset, r.row_bytes, r.rows, r.pitch};
    }
    const HostFunction& function = operation.image(Dialect::host)->function;
    function.call(function.state.get(), {list});
    return {};
  }
};

}  // namespace

std::unique_ptr<Runner> host_runner() { return std::make_unique<HostRunner>(); }

}  // namespace troika::kernels
