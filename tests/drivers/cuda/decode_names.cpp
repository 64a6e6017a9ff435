#include <bit>
#include <cstring>

#include "tests/drivers/cuda/decoder.h"
#include "tests/drivers/cuda/special_registers.h"

namespace cuda_emulator {
namespace {

constexpr std::uint32_t aligned(std::uint32_t offset, std::uint32_t alignment) {
  return (offset + alignment - 1) / alignment * alignment;
}

std::string key(int scope, std::string_view name) {
  return std::to_string(scope) + ":" + std::string(name);
}

// A float's bits as the type wants them.
std::uint64_t float_bits(const ptx::Operand& operand, std::uint8_t bytes) {
  if (operand.kind == ptx::Operand::Kind::f32 && bytes == 8) {
    return std::bit_cast<std::uint64_t>(
        static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(operand.bits))));
  }
  if (operand.kind == ptx::Operand::Kind::f64 && bytes == 4) {
    return std::bit_cast<std::uint32_t>(static_cast<float>(std::bit_cast<double>(operand.bits)));
  }
  return operand.bits;
}

}  // namespace

Slot Constants::add(std::uint64_t bits, std::uint8_t bytes) {
  if (bytes < 8) bits &= (std::uint64_t{1} << (8 * bytes)) - 1;
  const auto [found, is_new] = known_.try_emplace({bits, bytes});
  if (is_new) {
    const std::size_t offset = (bytes_.size() + 63) / 64 * 64;
    bytes_.resize(offset + std::size_t{bytes} * warp_size);
    for (std::size_t lane = 0; lane < warp_size; ++lane)
      std::memcpy(bytes_.data() + offset + lane * bytes, &bits, bytes);
    found->second = {static_cast<std::uint32_t>(offset), Slot::Bank::constants};
  }
  return found->second;
}

void Decoder::fail(const std::string& what) const {
  throw PtxError{here_ != nullptr ? here_->line : source_.line,
                 (here_ != nullptr ? here_->mnemonic + " in " : "") + source_.name + ": " + what};
}

std::uint32_t Decoder::add_local(const std::string& name, const ptx::Variable& variable) {
  const std::uint32_t offset =
      aligned(locals_bytes_, std::max<std::uint32_t>(variable.alignment, 1));
  const auto bytes = static_cast<std::uint32_t>(variable.bytes());
  locals_[name] = {offset, bytes, false};
  locals_bytes_ = offset + bytes;
  return offset;
}

void Decoder::lay_out_parameters(Function& function) {
  std::uint32_t block = 0;
  for (const ptx::Variable& parameter : source_.parameters) {
    const auto bytes = static_cast<std::uint32_t>(parameter.bytes());
    if (source_.is_kernel) {
      block = aligned(block, parameter.alignment);
      locals_[key(0, parameter.name)] = {block, bytes, true};
      function.parameters.push_back({block, bytes});
      block += bytes;
    } else {
      function.parameters.push_back({add_local(key(0, parameter.name), parameter), bytes});
    }
  }
  for (const ptx::Variable& result : source_.results) {
    function.results.push_back(
        {add_local(key(0, result.name), result), static_cast<std::uint32_t>(result.bytes())});
  }
  function.parameter_bytes = block;
}

void Decoder::lay_out(Function& function) {
  lay_out_parameters(function);
  for (std::size_t scope = 0; scope < source_.scopes.size(); ++scope) {
    for (const auto& [name, variable] : source_.scopes[scope].names) {
      const std::string where = key(static_cast<int>(scope), name);
      if (variable.space == ptx::Space::reg) {
        const bool is_predicate = variable.type.kind == ptx::Type::Kind::predicate;
        if (variable.type.bytes == 16 || variable.type.bytes == 1)
          fail("registers of 8 or 128 bits are not supported: " + name);
        registers_[where] = {{frame_bytes_, Slot::Bank::frame}, variable.type.bytes};
        frame_bytes_ +=
            is_predicate ? 4u : variable.type.bytes * static_cast<std::uint32_t>(warp_size);
        frame_bytes_ = aligned(frame_bytes_, 8);
        registers_count_ += variable.type.bytes == 8 ? 2 : 1;
      } else if (variable.space == ptx::Space::local || variable.space == ptx::Space::param) {
        add_local(where, variable);
      } else if (variable.space != ptx::Space::shared) {
        fail("a variable of this space within a function: " + name);
      }
    }
  }
  locals_bytes_ = aligned(locals_bytes_, 16);
}

template <class T>
const T* Decoder::find(const std::map<std::string, T, std::less<>>& in,
                       std::string_view name) const {
  for (int scope = here_ != nullptr ? here_->scope : 0; scope >= 0;
       scope = source_.scopes[static_cast<std::size_t>(scope)].parent) {
    if (const auto found = in.find(key(scope, name)); found != in.end()) return &found->second;
  }
  return nullptr;
}
// Other files look for local variables.
template const Decoder::Local* Decoder::find(const std::map<std::string, Local, std::less<>>& in,
                                             std::string_view name) const;

Slot Decoder::predicate(const std::string& name) {
  const Register* const found = find(registers_, name);
  if (found == nullptr) fail("'" + name + "' is declared nowhere");
  if (found->bytes != 0) fail("'" + name + "' is no predicate");
  return found->slot;
}

std::optional<std::uint64_t> Decoder::address_of(std::string_view name) const {
  if (const auto found = symbols_.globals.find(name); found != symbols_.globals.end())
    return found->second;
  if (const auto found = symbols_.shared.find(name); found != symbols_.shared.end())
    return found->second;
  return std::nullopt;
}

Slot Decoder::immediate(const ptx::Operand& operand, ptx::Type type) {
  if (type.kind == ptx::Type::Kind::predicate)
    return constants_.add(operand.bits != 0 ? ~std::uint64_t{0} : 0, 4);
  return constants_.add(float_bits(operand, type.bytes), type.bytes);
}

Slot Decoder::named_source(const ptx::Operand& operand, ptx::Type type, std::uint8_t* width) {
  if (const Register* const found = find(registers_, operand.name)) {
    if (width != nullptr) *width = found->bytes;
    else if (found->bytes != type.bytes)
      fail("'" + operand.name + "' has another width than the type");
    return found->slot;
  }
  if (const auto special = special_named(operand.name)) {
    if (special->which >= Special::gridid) fail(operand.name + " can only be moved");
    if (width != nullptr) *width = 4;
    else if (type.bytes != 4) fail("'" + operand.name + "' has another width than the type");
    return {special_offset(special->which), Slot::Bank::specials};
  }
  if (const auto at = address_of(operand.name)) {
    if (type.bytes < 4) fail("an address in a narrow type");
    if (width != nullptr) *width = type.bytes;
    return constants_.add(*at + static_cast<std::uint64_t>(operand.offset), type.bytes);
  }
  fail("'" + operand.name + "' is declared nowhere, or is nothing to compute with");
}

Slot Decoder::source(const ptx::Operand& operand, ptx::Type type, std::uint8_t* width) {
  switch (operand.kind) {
    case ptx::Operand::Kind::name: return named_source(operand, type, width);
    case ptx::Operand::Kind::integer:
    case ptx::Operand::Kind::f32:
    case ptx::Operand::Kind::f64:
      if (width != nullptr) *width = std::max<std::uint8_t>(type.bytes, 2);
      return constants_.add(type.kind == ptx::Type::Kind::predicate
                                ? (operand.bits != 0 ? ~std::uint64_t{0} : 0)
                                : float_bits(operand, type.bytes),
                            width != nullptr                          ? *width
                            : type.kind == ptx::Type::Kind::predicate ? 4
                                                                      : type.bytes);
    default: fail("an operand of a kind that does not fit");
  }
}

Slot Decoder::destination(const ptx::Operand& operand, ptx::Type type, std::uint8_t* width) {
  if (operand.kind == ptx::Operand::Kind::sink) {
    const Slot slot{frame_bytes_, Slot::Bank::frame};
    const std::uint8_t bytes = std::max<std::uint8_t>(type.bytes, 4);
    frame_bytes_ += bytes * static_cast<std::uint32_t>(warp_size);
    if (width != nullptr) *width = std::max<std::uint8_t>(type.bytes, 2);
    return slot;
  }
  const Register* const found =
      operand.kind == ptx::Operand::Kind::name ? find(registers_, operand.name) : nullptr;
  if (found == nullptr) fail("'" + operand.name + "' is no register");
  if (width != nullptr) *width = found->bytes;
  else if (found->bytes != type.bytes)
    fail("'" + operand.name + "' has another width than the type");
  return found->slot;
}

void Decoder::address(Instruction& to, const ptx::Operand& operand) {
  if (operand.kind != ptx::Operand::Kind::address) fail("expected an address");
  to.offset = operand.offset;
  if (operand.name.empty()) {
    to.from[0] = constants_.add(0, 8);
  } else if (const Register* const found = find(registers_, operand.name)) {
    if (found->bytes < 4) fail("an address in a narrow register");
    to.from[0] = found->slot;
    to.narrow_address = found->bytes == 4;
  } else if (const Local* const local = find(locals_, operand.name)) {
    to.from[0] = constants_.add(local->offset, 8);
    to.in_frame = !local->is_parameter_block;
    to.space = local->is_parameter_block ? ptx::Space::param : ptx::Space::local;
  } else if (const auto at = address_of(operand.name)) {
    to.from[0] = constants_.add(*at, 8);
  } else {
    fail("'" + operand.name + "' is declared nowhere");
  }
}

std::uint32_t Decoder::label(std::string_view name) const {
  for (int scope = here_->scope; scope >= 0;
       scope = source_.scopes[static_cast<std::size_t>(scope)].parent) {
    const auto& labels = source_.scopes[static_cast<std::size_t>(scope)].labels;
    if (const auto found = labels.find(name); found != labels.end())
      return static_cast<std::uint32_t>(found->second);
  }
  fail("no label '" + std::string(name) + "'");
}

}  // namespace cuda_emulator
