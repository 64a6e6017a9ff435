#include "tests/drivers/cuda/warp.h"

#include <algorithm>
#include <cstring>

#include "tests/drivers/cuda/builtins.h"
#include "tests/drivers/cuda/grid.h"

namespace cuda_emulator {
namespace {

// A group that spins may wait for lanes of its own warp: the others get their turn after this many.
constexpr std::uint32_t patience = 2000;

}  // namespace

Warp::Warp(Block& block, std::uint32_t index, Mask lanes)
    : block_(block),
      index_(index),
      alive_(lanes),
      specials_(specials_bytes),
      stack_bytes_(std::max(block.launch().stack_bytes, block.launch().kernel->stack_bytes)) {
  if (block.launch().kernel->stack_bytes > 0 || block.launch().kernel->recursive) {
    stack_ = std::make_unique<std::byte[]>(std::size_t{stack_bytes_} * warp_size);
  }
  banks_[1] = const_cast<std::byte*>(block.launch().program->constants.data());
  banks_[2] = specials_.data();
  fill_specials();
  groups_.push_back({make_frame(*block.launch().kernel), block.launch().kernel->begin, lanes});
  enter(0);
}

std::shared_ptr<Frame> Warp::make_frame(const Function& function) const {
  auto frame = std::make_shared<Frame>();
  frame->registers = std::make_unique_for_overwrite<std::byte[]>(function.frame_bytes);
  std::memset(frame->registers.get(), 0xCB, function.frame_bytes);
  frame->function = &function;
  return frame;
}

void Warp::fill_specials() {
  const Extent at = block_.position(), grid = block_.launch().grid, size = block_.launch().block;
  const auto set = [&](Special which, int lane, std::uint32_t value) {
    std::memcpy(specials_.data() + special_offset(which) + lane * 4, &value, 4);
  };
  for (int lane = 0; lane < warp_size; ++lane) {
    const std::uint32_t thread = index_ * warp_size + static_cast<std::uint32_t>(lane);
    const std::uint32_t tid[3] = {thread % size[0], thread / size[0] % size[1],
                                  thread / size[0] / size[1]};
    for (int d = 0; d < 3; ++d) {
      const auto axis = static_cast<std::size_t>(d);
      set(static_cast<Special>(static_cast<int>(Special::tid_x) + d), lane, tid[axis]);
      set(static_cast<Special>(static_cast<int>(Special::ntid_x) + d), lane, size[axis]);
      set(static_cast<Special>(static_cast<int>(Special::ctaid_x) + d), lane, at[axis]);
      set(static_cast<Special>(static_cast<int>(Special::nctaid_x) + d), lane, grid[axis]);
    }
    const Mask bit = Mask{1} << lane;
    set(Special::laneid, lane, static_cast<std::uint32_t>(lane));
    set(Special::warpid, lane, index_);
    set(Special::nwarpid, lane, (block_.threads() + warp_size - 1) / warp_size);
    set(Special::smid, lane, 0);
    set(Special::nsmid, lane, 1);
    set(Special::lanemask_eq, lane, bit);
    set(Special::lanemask_lt, lane, bit - 1);
    set(Special::lanemask_le, lane, bit | (bit - 1));
    set(Special::lanemask_gt, lane, ~(bit | (bit - 1)));
    set(Special::lanemask_ge, lane, ~(bit - 1));
    set(Special::dynamic_smem_size, lane, block_.launch().dynamic_shared);
    set(Special::total_smem_size, lane,
        block_.launch().dynamic_shared + block_.launch().kernel->shared_bytes);
  }
}

bool Warp::can_run() const {
  return std::any_of(groups_.begin(), groups_.end(),
                     [](const Group& group) { return group.state == Group::State::ready; });
}

std::string Warp::where(int lane) const {
  const Extent size = block_.launch().block, at = block_.position();
  const std::uint32_t thread = index_ * warp_size + static_cast<std::uint32_t>(lane);
  const auto triple = [](std::uint32_t x, std::uint32_t y, std::uint32_t z) {
    return "(" + std::to_string(x) + ", " + std::to_string(y) + ", " + std::to_string(z) + ")";
  };
  std::string text =
      "thread " + triple(thread % size[0], thread / size[0] % size[1], thread / size[0] / size[1]) +
      " of block " + triple(at[0], at[1], at[2]);
  for (const Group& group : groups_) {
    if ((group.mask >> lane & 1) != 0) {
      text +=
          ", line " + std::to_string(block_.launch().program->code[group.at].line) + " of the PTX";
    }
  }
  return text;
}

std::byte* Warp::local(int lane, std::uint64_t address, std::uint32_t bytes) {
  if (stack_ == nullptr || address > stack_bytes_ - bytes || bytes > stack_bytes_) {
    throw Fault{CUDA_ERROR_ILLEGAL_ADDRESS,
                "local address " + std::to_string(address) + " beyond the stack of " +
                    std::to_string(stack_bytes_) + " bytes, " + where(lane)};
  }
  return stack_.get() + std::size_t{stack_bytes_} * static_cast<std::size_t>(lane) + address;
}

void Warp::enter(std::size_t group) {
  frame_ = groups_[group].frame;
  banks_[0] = frame_->registers.get();
  since_switch_ = 0;
}

// The deepest call, then the smallest address: lanes that were left behind catch up, and meet.
std::size_t Warp::choose() {
  std::size_t best = groups_.size();
  for (std::size_t i = 0; i < groups_.size(); ++i) {
    if (groups_[i].state != Group::State::ready) continue;
    if (best == groups_.size() || groups_[i].frame->depth > groups_[best].frame->depth ||
        (groups_[i].frame->depth == groups_[best].frame->depth &&
         groups_[i].at < groups_[best].at)) {
      best = i;
    }
  }
  return best;
}

// Joins another group that is where this one is. False if there was none.
bool Warp::merge(std::size_t group) {
  for (std::size_t i = 0; i < groups_.size(); ++i) {
    if (i == group || groups_[i].at != groups_[group].at ||
        groups_[i].frame != groups_[group].frame || groups_[i].state != Group::State::ready) {
      continue;
    }
    groups_[group].mask |= groups_[i].mask;
    groups_.erase(groups_.begin() + static_cast<std::ptrdiff_t>(i));
    return true;
  }
  return false;
}

std::uint64_t Warp::run(std::uint64_t budget) {
  const Instruction* const code = block_.launch().program->code.data();
  std::uint64_t executed = 0;
  std::size_t favoured = groups_.size();  // gets its turn although others are behind it
  while (executed < budget * warp_size) {
    std::size_t current = favoured < groups_.size() ? favoured : choose();
    if (current == groups_.size()) break;
    favoured = groups_.size();
    enter(current);
    const std::size_t count = groups_.size();
    if (count > 1 && merge(current)) continue;
    // A lone group runs on; several are looked at anew wherever one may meet another.
    do {
      Group& group = groups_[current];
      const Instruction& instruction = code[group.at];
      executed += static_cast<std::uint64_t>(std::popcount(group.mask));
      if (instruction.control == Control::none) {
        const Mask mask = instruction.guarded
                              ? group.mask & (predicate(instruction.guard) ^
                                              (instruction.guard_negated ? ~Mask{0} : 0))
                              : group.mask;
        if (mask != 0) instruction.handler(*this, instruction, mask);
        ++group.at;
      } else {
        step(current, instruction);
        break;
      }
      if (++since_switch_ > patience) break;
    } while (count == 1 && executed < budget * warp_size);
    if (groups_.size() > 1 && since_switch_ > patience) {
      favoured = (current + 1) % groups_.size();
      if (groups_[favoured].state != Group::State::ready) favoured = groups_.size();
    }
  }
  return executed;
}

void Warp::step(std::size_t group, const Instruction& instruction) {
  const Mask all = groups_[group].mask;
  const Mask mask =
      instruction.guarded
          ? all & (predicate(instruction.guard) ^ (instruction.guard_negated ? ~Mask{0} : 0))
          : all;
  if (instruction.control == Control::branch) return branch(group, instruction, mask);
  if (mask == 0) {
    ++groups_[group].at;
    return;
  }
  if (mask != all) {
    split_off(group, mask, groups_[group].at + 1);
  }
  switch (instruction.control) {
    case Control::branch_indexed: return branch_indexed(group, instruction, mask);
    case Control::call: return call(group, instruction, mask);
    case Control::call_builtin:
      call_builtin(*this, instruction, mask);
      ++groups_[group].at;
      return;
    case Control::ret: return leave(group, mask, false);
    case Control::exit: return leave(group, mask, true);
    case Control::converge: return converge(group, instruction, mask);
    case Control::barrier: return barrier(group, instruction, mask);
    case Control::none:
    case Control::branch: return;
  }
}

void Warp::split_off(std::size_t group, Mask mask, std::uint32_t rest_at) {
  const Group rest{groups_[group].frame, rest_at, groups_[group].mask & ~mask};
  groups_[group].mask = mask;
  groups_.push_back(rest);
}

void Warp::branch(std::size_t group, const Instruction& instruction, Mask taken) {
  if (taken == groups_[group].mask) {
    groups_[group].at = instruction.target;
  } else if (taken == 0) {
    ++groups_[group].at;
  } else {
    split_off(group, taken, groups_[group].at + 1);
    groups_[group].at = instruction.target;
  }
}

void Warp::branch_indexed(std::size_t group, const Instruction& instruction, Mask mask) {
  const auto& table = block_.launch().program->jump_tables[instruction.table];
  const std::uint32_t* const index = lanes<std::uint32_t>(instruction.from[0]);
  const int lane = std::countr_zero(mask);
  Mask together = 0;
  for (int i = lane; i < warp_size; ++i) {
    if ((mask >> i & 1) != 0 && index[i] == index[lane]) together |= Mask{1} << i;
  }
  if (index[lane] >= table.size()) {
    throw Fault{CUDA_ERROR_ILLEGAL_INSTRUCTION, "brx.idx beyond its table, " + where(lane)};
  }
  if (together != mask) split_off(group, together, groups_[group].at);
  groups_[group].at = table[index[lane]];
}

void Warp::call(std::size_t group, const Instruction& instruction, Mask mask) {
  const Program& program = *block_.launch().program;
  const Call& made = program.calls[instruction.table];
  const Function& callee = program.functions[made.function];
  auto frame = make_frame(callee);
  frame->parent = groups_[group].frame;
  frame->call = &made;
  frame->return_to = groups_[group].at + 1;
  frame->locals = frame->parent->locals + frame->parent->function->locals_bytes;
  frame->depth = frame->parent->depth + 1;
  if (frame->locals + callee.locals_bytes > stack_bytes_) {
    throw Fault{CUDA_ERROR_ILLEGAL_ADDRESS, "the stack of " + std::to_string(stack_bytes_) +
                                                " bytes overflows in " + callee.name + ", " +
                                                where(std::countr_zero(mask))};
  }
  for (const Passed& argument : made.arguments) {
    for (Mask left = mask; left != 0; left &= left - 1) {
      const int lane = std::countr_zero(left);
      std::memcpy(local(lane, frame->locals + argument.callee, argument.bytes),
                  local(lane, frame->parent->locals + argument.caller, argument.bytes),
                  argument.bytes);
    }
  }
  groups_[group].frame = std::move(frame);
  groups_[group].at = callee.begin;
}

void Warp::leave(std::size_t group, Mask mask, bool thread_ends) {
  const std::shared_ptr<Frame> frame = groups_[group].frame;
  if (thread_ends || frame->parent == nullptr) {
    alive_ &= ~mask;
    groups_.erase(groups_.begin() + static_cast<std::ptrdiff_t>(group));
    block_.note_exit();
    // Those who waited for lanes that are gone look again.
    for (Group& other : groups_) {
      if (other.state == Group::State::at_sync) other.state = Group::State::ready;
    }
    return;
  }
  for (const Passed& result : frame->call->results) {
    for (Mask left = mask; left != 0; left &= left - 1) {
      const int lane = std::countr_zero(left);
      std::memcpy(local(lane, frame->parent->locals + result.caller, result.bytes),
                  local(lane, frame->locals + result.callee, result.bytes), result.bytes);
    }
  }
  groups_[group].at = frame->return_to;
  groups_[group].frame = frame->parent;
}

// An instruction of several lanes: executed when all members that are left have come.
void Warp::converge(std::size_t group, const Instruction& instruction, Mask mask) {
  const std::uint32_t* const members = lanes<std::uint32_t>(instruction.from[0]);
  const int first = std::countr_zero(mask);
  const Mask wanted = members[first];
  Mask together = 0;
  for (Mask left = mask; left != 0; left &= left - 1) {
    const int lane = std::countr_zero(left);
    if ((members[lane] >> lane & 1) == 0) {
      throw Fault{CUDA_ERROR_LAUNCH_FAILED,
                  "a lane that its own member mask leaves out, " + where(lane)};
    }
    if (members[lane] == wanted) together |= Mask{1} << lane;
  }
  if (together != mask) {  // groups with masks of their own
    split_off(group, together, groups_[group].at);
  }
  const std::uint32_t at = groups_[group].at;
  for (std::size_t i = 0; i < groups_.size(); ++i) {
    if (i == group || groups_[i].state != Group::State::at_sync || groups_[i].at != at ||
        groups_[i].frame != groups_[group].frame || (groups_[i].mask & wanted) == 0) {
      continue;
    }
    groups_[group].mask |= groups_[i].mask;
    groups_.erase(groups_.begin() + static_cast<std::ptrdiff_t>(i));
    if (i < group) --group;
    --i;
  }
  if ((wanted & alive_ & ~groups_[group].mask) != 0) {
    groups_[group].state = Group::State::at_sync;
    return;
  }
  if (instruction.handler != nullptr) instruction.handler(*this, instruction, groups_[group].mask);
  ++groups_[group].at;
}

void Warp::barrier(std::size_t group, const Instruction& instruction, Mask mask) {
  const int lane = std::countr_zero(mask);
  const std::uint32_t id = lanes<std::uint32_t>(instruction.from[0])[lane];
  const std::uint32_t count = lanes<std::uint32_t>(instruction.from[1])[lane];
  const auto kind = static_cast<BarrierKind>(instruction.detail);
  Arrivals arriving{static_cast<std::uint32_t>(std::popcount(mask))};
  Group& here = groups_[group];
  ++here.at;
  if (kind != BarrierKind::arrive) {
    here.state = Group::State::at_barrier;
    here.barrier = id;
  }
  here.reduction = nullptr;
  if (kind >= BarrierKind::count) {
    arriving.holding = static_cast<std::uint32_t>(std::popcount(mask & negatable(instruction, 2)));
    here.reduction = &instruction;
  }
  block_.arrive(id, count, arriving);
}

void Warp::release(std::uint32_t barrier, Arrivals all) {
  for (Group& group : groups_) {
    if (group.state != Group::State::at_barrier || group.barrier != barrier) continue;
    group.state = Group::State::ready;
    if (group.reduction == nullptr) continue;
    banks_[0] = group.frame->registers.get();
    const auto kind = static_cast<BarrierKind>(group.reduction->detail);
    const Slot to = group.reduction->to[0];
    if (kind == BarrierKind::count) {
      for (Mask left = group.mask; left != 0; left &= left - 1)
        lanes<std::uint32_t>(to)[std::countr_zero(left)] = all.holding;
    } else {
      const bool holds = kind == BarrierKind::all ? all.holding == all.threads : all.holding > 0;
      predicate(to) = (predicate(to) & ~group.mask) | (holds ? group.mask : 0);
    }
  }
  if (frame_ != nullptr) banks_[0] = frame_->registers.get();
}

}  // namespace cuda_emulator
