#include <algorithm>
#include <chrono>
#include <cstring>

#include "tests/drivers/cuda/builtins.h"
#include "tests/drivers/cuda/decoder.h"
#include "tests/drivers/cuda/isa.h"
#include "tests/drivers/cuda/lanes.h"

namespace cuda_emulator {
namespace {

void nothing(Warp&, const Instruction&, Mask) {}

void trap(Warp& warp, const Instruction&, Mask mask) {
  throw Fault{CUDA_ERROR_LAUNCH_FAILED, "trap, " + warp.where(std::countr_zero(mask))};
}

// Ticks of the host's clock: they go on, which is all that may be asked of them.
template <class T>
void clock(Warp& warp, const Instruction& i, Mask mask) {
  const auto now = static_cast<T>(std::chrono::steady_clock::now().time_since_epoch().count());
  T* const to = warp.lanes<T>(i.to[0]);
  for_lanes(mask, [=](int lane) { to[lane] = now; });
}

// The address of something in the frame's locals, or (`table`) of the kernel's parameters.
template <class T>
void local_address(Warp& warp, const Instruction& i, Mask mask) {
  T* const to = warp.lanes<T>(i.to[0]);
  const auto at = static_cast<T>(i.offset + (i.in_frame ? warp.frame().locals : 0));
  for_lanes(mask, [=](int lane) { to[lane] = at; });
}

// Parts of `bytes` bytes each, as one value or from one.
template <bool packs>
void regroup(Warp& warp, const Instruction& i, Mask mask) {
  const std::size_t bytes = i.table, whole = bytes * i.elements;
  for_lanes(mask, [&](int lane) {
    std::byte* const one =
        warp.lanes<std::byte>(packs ? i.to[0] : i.from[0]) + whole * static_cast<std::size_t>(lane);
    for (std::size_t n = 0; n < i.elements; ++n) {
      std::byte* const part = warp.lanes<std::byte>(packs ? i.from[n] : i.to[n]) +
                              bytes * static_cast<std::size_t>(lane);
      if (packs) std::memcpy(one + n * bytes, part, bytes);
      else std::memcpy(part, one + n * bytes, bytes);
    }
  });
}

std::uint64_t window_of(std::string_view space) {
  return space == "shared" || space == "shared::cta" ? shared_window
         : space == "local"                          ? local_window
         : space == "param"                          ? param_window
                                                     : 0;
}

// `offset` has the window: to a generic address, or (`detail`) from one.
void cvta(Warp& warp, const Instruction& i, Mask mask) {
  std::uint64_t* const to = warp.lanes<std::uint64_t>(i.to[0]);
  const std::uint64_t* const from = warp.lanes<std::uint64_t>(i.from[0]);
  const auto window = static_cast<std::uint64_t>(i.offset);
  if (window == 0) return for_lanes(mask, [=](int lane) { to[lane] = from[lane]; });
  if (i.detail != 0)
    return for_lanes(mask, [=](int lane) { to[lane] = from[lane] & ~window_mask; });
  for_lanes(mask, [=](int lane) { to[lane] = from[lane] | window; });
}

void isspacep(Warp& warp, const Instruction& i, Mask mask) {
  const std::uint64_t* const a = warp.lanes<std::uint64_t>(i.from[0]);
  Mask inside = 0;
  for_lanes(mask, [&](int lane) {
    const std::uint64_t window = a[lane] & window_mask;
    inside |= static_cast<Mask>(i.offset == 0 ? window != shared_window && window != local_window &&
                                                    window != param_window
                                              : window == static_cast<std::uint64_t>(i.offset))
              << lane;
  });
  write_predicate(warp, i.to[0], mask, inside);
}

}  // namespace

Decoder::Decoder(const ptx::Function& source, const Symbols& symbols, Program& program,
                 Constants& constants)
    : source_(source),
      symbols_(symbols),
      program_(program),
      constants_(constants),
      begin_(static_cast<std::uint32_t>(program.code.size())) {}

void Decoder::run(Function& function) {
  function.name = source_.name;
  function.is_kernel = source_.is_kernel;
  function.begin = begin_;
  lay_out(function);
  for (const ptx::Instruction& from : source_.body) {
    here_ = &from;
    program_.code.push_back(instruction());
  }
  Instruction end;
  end.control = Control::ret;
  end.line = source_.body.empty() ? source_.line : source_.body.back().line;
  program_.code.push_back(end);
  here_ = nullptr;
  function.end = static_cast<std::uint32_t>(program_.code.size());
  function.frame_bytes = std::max<std::uint32_t>(frame_bytes_, 8);
  function.locals_bytes = locals_bytes_;
  function.registers = registers_count_;
  const auto& needs = source_.required_threads;
  std::copy(needs, needs + 3, function.required_threads);
  const auto& most = needs[0] != 0 ? needs : source_.threads_max;
  if (most[0] != 0)
    function.threads_max = std::min<std::uint32_t>(1024, most[0] * most[1] * most[2]);
}

void Decoder::want(std::size_t operands) const {
  if (here_->operands.size() != operands) {
    fail("takes " + std::to_string(operands) + " operands, not " +
         std::to_string(here_->operands.size()));
  }
}

Instruction Decoder::instruction() {
  Instruction to;
  to.line = here_->line;
  if (!here_->guard.empty()) {
    to.guarded = true;
    to.guard_negated = here_->guard_negated;
    to.guard = predicate(here_->guard);
  }
  if (here_->mnemonic == ".branchtargets") {
    to.handler = &nothing;
    return to;
  }
  if (!is_whitelisted(here_->mnemonic)) fail("not in the emulator's instruction set (isa.txt)");
  if (!control(to) && !barrier(to) && !moves(to) && !memory(to) && !address_space(to))
    registers(to);
  return to;
}

bool Decoder::control(Instruction& to) {
  const std::string_view name = here_->mnemonic;
  if (name == "bra" || name == "bra.uni") {
    want(1);
    to.control = Control::branch;
    to.target = begin_ + label(here_->operands[0].name);
  } else if (name == "brx.idx" || name == "brx.idx.uni") {
    branch_indexed(to);
  } else if (name == "call" || name == "call.uni") {
    call(to);
  } else if (name == "ret" || name == "ret.uni") {
    to.control = Control::ret;
  } else if (name == "exit") {
    to.control = Control::exit;
  } else if (name == "trap" || name == "brkpt") {
    to.handler = &trap;
  } else if (name.starts_with("membar.") || name.starts_with("fence.") ||
             name.starts_with("prefetch") || name.starts_with("discard") ||
             name.starts_with("pmevent")) {
    to.handler = &nothing;  // accesses are sequentially consistent already
  } else {
    return false;
  }
  return true;
}

void Decoder::branch_indexed(Instruction& to) {
  want(2);
  to.control = Control::branch_indexed;
  to.from[0] = source(here_->operands[0], types::b32);
  const ptx::Instruction& table = source_.body.at(label(here_->operands[1].name));
  if (table.mnemonic != ".branchtargets") fail("its label is not that of .branchtargets");
  std::vector<std::uint32_t> targets;
  for (const ptx::Operand& target : table.operands) targets.push_back(begin_ + label(target.name));
  to.table = static_cast<std::uint32_t>(program_.jump_tables.size());
  program_.jump_tables.push_back(std::move(targets));
}

void Decoder::call(Instruction& to) {
  const auto& operands = here_->operands;
  const std::size_t name_at =
      !operands.empty() && operands[0].kind == ptx::Operand::Kind::list ? 1 : 0;
  if (operands.size() <= name_at || operands.size() > name_at + 2)
    fail("indirect calls are not supported");
  const std::string& name = operands[name_at].name;
  Call made;
  const auto pass = [&](const ptx::Operand& list, std::vector<Passed>& all,
                        const std::vector<Parameter>& callee, bool known) {
    for (std::size_t i = 0; i < list.elements.size(); ++i) {
      const Local* const local = find(locals_, list.elements[i].name);
      if (local == nullptr || local->is_parameter_block)
        fail("an argument that is no .param variable: " + list.elements[i].name);
      if (known && (i >= callee.size() || callee[i].bytes != local->bytes))
        fail("arguments that do not fit " + name);
      all.push_back({local->offset, known ? callee[i].offset : 0, local->bytes});
    }
    if (known && list.elements.size() != callee.size()) fail("arguments that do not fit " + name);
  };
  const ptx::Operand none;
  const ptx::Operand& results = name_at == 1 ? operands[0] : none;
  const ptx::Operand& arguments = operands.size() > name_at + 1 ? operands[name_at + 1] : none;
  const auto found = symbols_.functions.find(name);
  if (found != symbols_.functions.end()) {
    made.function = found->second;
    const Function& callee = program_.functions[found->second];
    pass(arguments, made.arguments, callee.parameters, true);
    pass(results, made.results, callee.results, true);
    to.control = Control::call;
  } else if (const auto builtin = builtin_named(name)) {
    pass(arguments, made.arguments, {}, false);
    pass(results, made.results, {}, false);
    to.control = Control::call_builtin;
    to.detail = *builtin;
  } else {
    fail("function '" + name + "' is defined nowhere, or called through a register");
  }
  to.table = static_cast<std::uint32_t>(program_.calls.size());
  program_.calls.push_back(std::move(made));
}

bool Decoder::barrier(Instruction& to) {
  Mnemonic m(here_->mnemonic);
  if ((m.op() != "bar" && m.op() != "barrier") || m.take("warp")) return false;
  m.take("cta");
  m.take("aligned");
  const auto kind = m.take_one_of({"sync", "arrive", "red"});
  if (!kind) fail("not supported");
  const auto& operands = here_->operands;
  to.control = Control::barrier;
  std::size_t at = 0;
  if (*kind == 2) {
    const auto reduction = m.take_one_of({"popc", "and", "or"});
    if (operands.size() < 3 || !reduction) fail("operands are missing");
    to.detail =
        static_cast<std::uint8_t>(static_cast<std::size_t>(BarrierKind::count) + *reduction);
    to.to[0] = destination(operands[at++], *reduction == 0 ? types::b32 : types::pred);
    to.from[2] = source(operands.back(), types::pred);
    if (operands.back().negated) to.negated_from = 4;
  } else {
    to.detail = static_cast<std::uint8_t>(*kind);
  }
  const std::size_t end = operands.size() - (*kind == 2 ? 1 : 0);
  if (at == end || end - at > 2) fail("operands are missing");
  to.from[0] = source(operands[at], types::b32);
  to.from[1] = end - at == 2 ? source(operands[at + 1], types::b32) : constants_.add(0, 4);
  return true;
}

bool Decoder::moves(Instruction& to) {
  const Mnemonic m(here_->mnemonic);
  if (m.op() != "mov") return false;
  want(2);
  const auto type = ptx::type_named(m.parts().back());
  const ptx::Operand &d = here_->operands[0], &a = here_->operands[1];
  if (!type) fail("no type");
  if (d.kind == ptx::Operand::Kind::list || a.kind == ptx::Operand::Kind::list) {
    const bool packs = a.kind == ptx::Operand::Kind::list;
    const auto& parts = packs ? a.elements : d.elements;
    if (parts.size() < 2 || parts.size() > 4 || type->bytes % parts.size() != 0 ||
        type->bytes / parts.size() < 2)
      fail("a vector that does not fit");
    const ptx::Type part{ptx::Type::Kind::bits,
                         static_cast<std::uint8_t>(type->bytes / parts.size())};
    to.elements = static_cast<std::uint8_t>(parts.size());
    to.table = part.bytes;
    to.handler = packs ? &regroup<true> : &regroup<false>;
    if (packs) to.to[0] = destination(d, *type);
    else to.from[0] = source(a, *type);
    for (std::size_t n = 0; n < parts.size(); ++n) {
      if (packs) to.from[n] = source(parts[n], part);
      else to.to[n] = destination(parts[n], part);
    }
    return true;
  }
  if (a.kind != ptx::Operand::Kind::name) return false;
  if (const Local* const local = find(locals_, a.name)) {
    if (type->bytes < 4) fail("an address in a narrow type");
    to.to[0] = destination(d, *type);
    to.offset = local->offset + a.offset;
    to.in_frame = !local->is_parameter_block;
    to.handler = type->bytes == 8 ? &local_address<std::uint64_t> : &local_address<std::uint32_t>;
    return true;
  }
  if (const auto special = special_named(a.name); special && special->which >= Special::gridid) {
    to.to[0] = destination(d, *type);
    if (type->bytes != special->bytes) fail("'" + a.name + "' has another width than the type");
    to.handler = type->bytes == 8 ? &clock<std::uint64_t> : &clock<std::uint32_t>;
    return true;
  }
  return false;
}

bool Decoder::memory(Instruction& to) {
  const auto form = memory_form(here_->mnemonic);
  if (!form) return false;
  const auto& operands = here_->operands;
  to.space = form->space == ptx::Space::constant ? ptx::Space::global : form->space;
  if (form->op == MemoryOp::atomic || form->op == MemoryOp::reduce) {
    std::size_t at = form->op == MemoryOp::atomic ? 1 : 0;
    want(at + (form->operation == "cas" ? 3 : 2));
    to.has_second = form->op == MemoryOp::atomic && operands[0].kind != ptx::Operand::Kind::sink;
    if (to.has_second) to.to[0] = destination(operands[0], form->type);
    address(to, operands[at++]);
    for (std::size_t n = 1; at < operands.size(); ++at, ++n)
      to.from[n] = source(operands[at], form->type);
    to.handler = atomic_handler(*form);
  } else {
    want(2);
    const bool loads = form->op == MemoryOp::load;
    address(to, operands[loads ? 1 : 0]);
    const ptx::Operand& values = operands[loads ? 0 : 1];
    const bool vector = values.kind == ptx::Operand::Kind::list;
    if ((vector ? values.elements.size() : 1) != form->elements) fail("a vector that does not fit");
    to.elements = form->elements;
    std::uint8_t width = 0;
    for (std::size_t n = 0; n < form->elements; ++n) {
      const ptx::Operand& value = vector ? values.elements[n] : values;
      std::uint8_t own = 0;
      if (loads) to.to[n] = destination(value, form->type, &own);
      else to.from[n + 1] = source(value, form->type, &own);
      if (n > 0 && own != width) fail("registers of different widths");
      width = own;
    }
    to.handler = access_handler(*form, width);
  }
  if (to.handler == nullptr) fail("not supported by the emulator");
  return true;
}

bool Decoder::address_space(Instruction& to) {
  Mnemonic m(here_->mnemonic);
  if (m.op() != "cvta" && m.op() != "isspacep") return false;
  want(2);
  const bool from_generic = m.take("to");
  if (m.parts().empty()) fail("no space");
  to.offset = static_cast<std::int64_t>(window_of(m.parts().front()));
  to.detail = from_generic ? 1 : 0;
  const ptx::Operand& a = here_->operands[1];
  to.from[0] = source(a, types::b64);
  to.to[0] = destination(here_->operands[0], m.op() == "cvta" ? types::b64 : types::pred);
  to.handler = m.op() == "cvta" ? &cvta : &isspacep;
  return true;
}

void Decoder::registers(Instruction& to) {
  auto form = register_form(here_->mnemonic);
  if (!form) fail("not supported by the emulator");
  const auto& operands = here_->operands;
  want(form->to.size() + form->from.size());
  const bool converges = here_->mnemonic.find(".sync") != std::string::npos;
  std::uint8_t to_width = 0, from_width = 0;
  for (std::size_t n = 0; n < form->to.size(); ++n) {
    to.to[n] = destination(operands[n], form->to[n], form->any_width ? &to_width : nullptr);
    if (!operands[n].second.empty()) {
      to.has_second = true;
      to.to[1] = predicate(operands[n].second);
    }
  }
  for (std::size_t n = 0; n < form->from.size(); ++n) {
    // The member mask is written last and read first.
    const std::size_t written = converges ? (n + form->from.size() - 1) % form->from.size() : n;
    const ptx::Operand& operand = operands[form->to.size() + written];
    to.from[n] = source(operand, form->from[n], form->any_width ? &from_width : nullptr);
    if (operand.negated) to.negated_from = static_cast<std::uint8_t>(to.negated_from | 1u << n);
  }
  to.handler = form->any_width ? conversion(form->to[0], to_width, form->from[0], from_width)
                               : form->handler;
  if (to.handler == nullptr) fail("registers that are narrower than the types");
  to.detail = form->detail;
  if (converges) to.control = Control::converge;
}

}  // namespace cuda_emulator
