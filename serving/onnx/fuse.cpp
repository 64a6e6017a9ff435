#include "serving/onnx/fuse.h"

#include <algorithm>

#include "serving/onnx/absorb.h"

namespace troika::onnx {
namespace {

bool same_place(const Array& a, const Array& b) noexcept {
  return a.storage == b.storage && a.offset == b.offset && a.dims == b.dims &&
         a.strides == b.strides && size_of(a.type) == size_of(b.type);
}

// Who writes a storage and how many read it.
class Uses {
 public:
  explicit Uses(const Program& program)
      : writers_(program.storages.size(), none), readers_(program.storages.size(), 0) {
    for (std::size_t i = 0; i < program.steps.size(); ++i) {
      const Step& step = program.steps[i];
      std::size_t& writer = writers_[step.write.storage];
      writer = writer == none ? i : many;
      std::vector<std::uint32_t> seen;
      for (const Array& array : step.reads)
        if (std::ranges::find(seen, array.storage) == seen.end()) {
          seen.push_back(array.storage);
          readers_[array.storage] += 1;
        }
    }
  }
  // The step that alone makes this array for one reader, and nobody else; none otherwise.
  std::optional<std::size_t> sole_maker(const Program& program, const Array& array) const {
    const std::size_t writer = writers_[array.storage];
    if (program.storages[array.storage].kind != Storage::Kind::scratch || writer == none ||
        writer == many || readers_[array.storage] != 1 ||
        !same_place(program.steps[writer].write, array))
      return std::nullopt;
    return writer;
  }

 private:
  static constexpr std::size_t none = ~std::size_t{0}, many = none - 1;
  std::vector<std::size_t> writers_, readers_;
};

void drop_unread(Program& program) {
  std::vector<bool> wanted(program.storages.size());
  for (std::size_t s = 0; s < wanted.size(); ++s)
    wanted[s] = program.storages[s].kind == Storage::Kind::output;
  std::vector<Step> kept;
  for (std::size_t i = program.steps.size(); i-- > 0;) {
    Step& step = program.steps[i];
    if (!wanted[step.write.storage]) continue;
    for (const Array& array : step.reads) wanted[array.storage] = true;
    kept.push_back(std::move(step));
  }
  std::ranges::reverse(kept);
  program.steps = std::move(kept);
}

// Inputs that are the same array become one.
void merge_inputs(Chain& chain, std::vector<Array>& inputs) {
  std::vector<Array> distinct;
  std::vector<int> to;
  for (const Array& input : inputs) {
    const auto found = std::ranges::find_if(
        distinct, [&](const Array& other) { return same_place(input, other); });
    to.push_back(static_cast<int>(found - distinct.begin()));
    if (found == distinct.end()) distinct.push_back(input);
  }
  chain = renumbered(std::move(chain), to, static_cast<int>(distinct.size()));
  inputs = std::move(distinct);
}

bool fits(const Chain& chain) {
  return chain.inputs <= Chain::inputs_max && chain.code.size() <= Chain::code_max &&
         chain.constants.size() <= Chain::code_max * 2;
}

// Step `at` with the maker of its input `i` in front of it, when that leaves a chain of allowed
// size.
bool join(Program& program, std::size_t maker, std::size_t at, std::size_t i) {
  Step &first = program.steps[maker], &second = program.steps[at];
  auto* const first_chain = std::get_if<ElementwiseStep>(&first.what);
  auto& second_chain = std::get<ElementwiseStep>(second.what);
  if (first_chain == nullptr) return false;
  Chain chain = joined(first_chain->chain, second_chain.chain, static_cast<int>(i));
  std::vector<Array> inputs = first.reads;
  for (std::size_t k = 0; k < second.reads.size(); ++k)
    if (k != i) inputs.push_back(second.reads[k]);
  merge_inputs(chain, inputs);
  if (!fits(chain)) return false;
  second_chain.chain = std::move(chain);
  second.reads = std::move(inputs);
  second.flops += first.flops;
  return true;
}

// Joins what feeds step `at`; returns the steps that are no longer needed.
bool join_makers(Program& program, const Uses& uses, std::size_t at, std::vector<bool>& gone) {
  Step& step = program.steps[at];
  auto& what = std::get<ElementwiseStep>(step.what);
  merge_inputs(what.chain, step.reads);
  for (std::size_t i = 0; i < step.reads.size(); ++i) {
    const auto maker = uses.sole_maker(program, step.reads[i]);
    if (!maker || gone[*maker] || !join(program, *maker, at, i)) continue;
    gone[*maker] = true;
    return true;
  }
  return false;
}

void erase(Program& program, const std::vector<bool>& gone) {
  std::vector<Step> kept;
  for (std::size_t i = 0; i < gone.size(); ++i)
    if (!gone[i]) kept.push_back(std::move(program.steps[i]));
  program.steps = std::move(kept);
}

void join_elementwise(Program& program) {
  // Step by step in order: what feeds a step has taken in its own makers already.
  const Uses uses{program};
  std::vector<bool> gone(program.steps.size());
  for (std::size_t at = 0; at < program.steps.size(); ++at)
    if (std::holds_alternative<ElementwiseStep>(program.steps[at].what))
      while (join_makers(program, uses, at, gone)) continue;
  erase(program, gone);
}

void join_epilogues(Program& program) {
  const Uses uses{program};
  std::vector<bool> gone(program.steps.size());
  for (std::size_t at = 0; at < program.steps.size(); ++at) {
    Step& step = program.steps[at];
    if (!std::holds_alternative<ElementwiseStep>(step.what)) continue;
    for (std::size_t i = 0; i < step.reads.size(); ++i) {
      const auto maker = uses.sole_maker(program, step.reads[i]);
      if (!maker || gone[*maker] || program.steps[*maker].write.strides != step.write.strides)
        continue;
      gone[at] = absorb(program, program.steps[*maker], step, i);
      break;
    }
  }
  erase(program, gone);
}

}  // namespace

void fuse(Program& program) {
  drop_unread(program);
  join_elementwise(program);
  join_epilogues(program);
  drop_unread(program);
}

}  // namespace troika::onnx
