// Which bank each buffer of a launch has to lie in.
#include <algorithm>
#include <iterator>

#include "backends/xrt/commands.h"

namespace troika::xrt {
namespace {

struct Use {
  std::shared_ptr<Body> body;
  std::vector<int> banks;  // that all arguments so far reach
  std::size_t argument;    // of the circuit: the first one
};

Status nowhere(const Core& core, const Image& image, const UnitInfo& unit, const Use& first,
               std::size_t second) {
  return {Code::kernel_failed,
          "arguments " + std::to_string(first.argument) + " and " + std::to_string(second) +
              " of " + unit.name + " on " + core.name + " are one buffer, but reach " +
              image.names_of(first.banks) + ", and " + image.names_of(unit.banks[second])};
}

}  // namespace

Result<std::vector<Place>> places_of(const Core& core, const UnitInfo& unit,
                                     const StreamOperation& op) {
  const Image& image =
      core.card
          .images()[static_cast<std::size_t>(static_cast<const XrtKernel&>(*op.kernel).image())];
  std::vector<Use> uses;
  std::size_t argument = 0;
  for (const KernelArg& arg : op.args.view()) {
    if (!arg.is_buffer()) {
      ++argument;
      continue;
    }
    const auto& body = Buffer::of(core, arg.span.in)->body();
    const std::vector<int>& reached = unit.banks[argument];
    const auto use =
        std::find_if(uses.begin(), uses.end(), [&](const Use& each) { return each.body == body; });
    if (use == uses.end()) {
      uses.push_back({body, reached, argument});
    } else {
      std::vector<int> both;
      std::set_intersection(use->banks.begin(), use->banks.end(), reached.begin(), reached.end(),
                            std::back_inserter(both));
      if (both.empty()) return nowhere(core, image, unit, *use, argument);
      use->banks = std::move(both);
    }
    argument += 2;
  }
  std::vector<Place> places;
  for (const Use& use : uses) {
    const bool stays =
        std::find(use.banks.begin(), use.banks.end(), use.body->bank()) != use.banks.end();
    // A group of banks comes behind the banks in it.
    places.push_back({use.body, stays ? use.body->bank() : use.banks.back()});
  }
  return places;
}

void set_arguments(const Core& core, ::xrt::run& run, const StreamOperation& op) {
  // Registers are words: what is narrower comes with zeros above it.
  constexpr std::size_t word_bytes = 4;
  int argument = 0;
  for (const KernelArg& arg : op.args.view()) {
    if (arg.is_buffer()) {
      run.set_arg(argument++, Buffer::of(core, arg.span.in)->body()->object());
      run.set_arg(argument++, static_cast<std::uint64_t>(arg.span.offset));
    } else {
      run.set_arg(argument++, static_cast<const void*>(arg.scalar.bytes.data()),
                  std::max(size_of(arg.scalar.type), word_bytes));
    }
  }
}

}  // namespace troika::xrt
