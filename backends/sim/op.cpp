#include "backends/sim/op.h"

#include <algorithm>
#include <cstring>

namespace troika::sim {
namespace {

// Parts begin on a multiple of it, so that elements lie as aligned as they do in the block.
constexpr std::size_t part_alignment = alignof(std::max_align_t);

}  // namespace

// What a kernel sees of a block.
class Effect::Shadow final : public Allocation {
 public:
  Shadow(SpaceId space, std::vector<std::byte>& bytes)
      : Allocation{space, bytes.size(), bytes.data()} {}
};

std::size_t Op::bytes() const noexcept {
  std::size_t sum = 0;
  for (const OpUse& use : uses) sum += use.rect.bytes();
  return sum;
}

Effect::Part& Effect::part_of(const Block* block) {
  const auto found = std::find_if(parts_.begin(), parts_.end(),
                                  [&](const Part& part) { return part.block == block; });
  return *found;
}

void Effect::snapshot(const Op& op, bool poisoned) {
  for (const OpUse& use : op.uses) {
    if (op.kind != OpKind::launch && !reads(use.touch)) continue;
    const std::size_t begin = use.rect.offset / part_alignment * part_alignment;
    const auto part = std::find_if(parts_.begin(), parts_.end(),
                                   [&](const Part& p) { return p.block == use.block.get(); });
    if (part == parts_.end()) {
      parts_.push_back({use.block.get(), begin, use.rect.end(), {}});
    } else {
      part->begin = std::min(part->begin, begin);
      part->end = std::max(part->end, use.rect.end());
    }
  }
  for (Part& part : parts_) part.bytes.assign(part.end - part.begin, Block::poison);
  for (const OpUse& use : op.uses) {
    if (poisoned && !reads(use.touch)) continue;
    if (op.kind != OpKind::launch && !reads(use.touch)) continue;
    Part& part = part_of(use.block.get());
    use.rect.for_each_row([&](std::size_t begin, std::size_t end) {
      std::memcpy(part.bytes.data() + (begin - part.begin), use.block->data() + begin, end - begin);
    });
  }
}

Status Effect::apply(const Op& op) {
  if (op.kind == OpKind::hand_over) return {};
  if (op.kind == OpKind::copy) {
    const OpUse& from = op.uses[0];
    const OpUse& to = op.uses[1];
    const Part& part = part_of(from.block.get());
    for (std::size_t row = 0; row < to.rect.rows; ++row) {
      const std::size_t source = from.rect.offset + row * from.rect.pitch - part.begin;
      std::memcpy(to.block->data() + to.rect.offset + row * to.rect.pitch,
                  part.bytes.data() + source, to.rect.row_bytes);
    }
    return {};
  }
  if (op.kind == OpKind::fill) {
    const OpUse& to = op.uses[0];
    const std::size_t size = size_of(op.value_to_fill.type);
    for (std::size_t row = 0; row < to.rect.rows; ++row)
      for (std::size_t i = 0; i < to.rect.row_bytes; i += size)
        std::memcpy(to.block->data() + to.rect.offset + row * to.rect.pitch + i,
                    op.value_to_fill.bytes.data(), size);
    return {};
  }
  TROIKA_TRY(call(op));
  for (const OpUse& use : op.uses) {
    if (!writes(use.touch)) continue;
    const Part& part = part_of(use.block.get());
    use.rect.for_each_row([&](std::size_t begin, std::size_t end) {
      std::memcpy(use.block->data() + begin, part.bytes.data() + (begin - part.begin), end - begin);
    });
  }
  return {};
}

Status Effect::call(const Op& op) {
  std::vector<std::unique_ptr<Shadow>> shadows;
  std::vector<KernelArg> args = op.args;
  auto use = op.uses.begin();
  for (KernelArg& arg : args) {
    if (!arg.is_buffer()) continue;
    Part& part = part_of(use->block.get());
    shadows.push_back(std::make_unique<Shadow>(use->space, part.bytes));
    arg.span.in = shadows.back().get();
    arg.span.offset = use->rect.offset - part.begin;
    ++use;
  }
  return call_user(op.kernel->operation, op.kernel->function, HostCall{args, op.context});
}

}  // namespace troika::sim
