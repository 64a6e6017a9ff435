#include <algorithm>
#include <bit>
#include <cstring>

#include "tests/drivers/cuda/decoder.h"

namespace cuda_emulator {
namespace {

std::uint32_t aligned(std::uint32_t offset, std::uint32_t alignment) {
  return (offset + alignment - 1) / alignment * alignment;
}

Image image_of(const ptx::Variable& variable, const Symbols& symbols) {
  Image image{symbols.globals.at(variable.name), std::vector<std::byte>(variable.bytes())};
  std::size_t at = 0;
  for (const ptx::Initial& initial : variable.initial) {
    std::uint64_t bits = initial.bits;
    if (!initial.symbol.empty()) {
      const auto found = symbols.globals.find(initial.symbol);
      if (found == symbols.globals.end())
        throw PtxError{variable.line, "'" + initial.symbol + "' is no variable to point to"};
      bits += found->second;
    } else if (initial.is_double && variable.type.bytes == 4) {
      bits = std::bit_cast<std::uint32_t>(static_cast<float>(std::bit_cast<double>(bits)));
    }
    std::memcpy(image.bytes.data() + at, &bits, variable.type.bytes);
    at += variable.type.bytes;
  }
  return image;
}

// The variables in shared memory that a function names: the module's and its own.
std::vector<const ptx::Variable*> shared_of(const ptx::Module& module,
                                            const ptx::Function& function) {
  std::set<std::string_view> named;
  const auto note = [&](const auto& self, const ptx::Operand& operand) -> void {
    named.insert(operand.name);
    for (const ptx::Operand& element : operand.elements) self(self, element);
  };
  for (const ptx::Instruction& instruction : function.body) {
    for (const ptx::Operand& operand : instruction.operands) note(note, operand);
  }
  std::vector<const ptx::Variable*> all;
  for (const ptx::Variable& variable : module.variables) {
    if (variable.space == ptx::Space::shared && named.contains(variable.name))
      all.push_back(&variable);
  }
  for (const ptx::Scope& scope : function.scopes) {
    for (const auto& [name, variable] : scope.names) {
      if (variable.space == ptx::Space::shared) all.push_back(&variable);
    }
  }
  return all;
}

// Lays the variables out from `bytes` on; those without a size begin where the others end.
void lay_out_shared(const std::vector<const ptx::Variable*>& variables, Symbols& symbols,
                    std::uint32_t& bytes) {
  for (const ptx::Variable* const variable : variables) {
    if (variable->count == 0 || symbols.shared.contains(variable->name)) continue;
    bytes = aligned(bytes, variable->alignment);
    symbols.shared[variable->name] = bytes;
    bytes += static_cast<std::uint32_t>(variable->bytes());
  }
  for (const ptx::Variable* const variable : variables) {
    if (variable->count != 0) continue;
    bytes = aligned(bytes, std::max<std::uint32_t>(variable->alignment, 16));
    symbols.shared[variable->name] = bytes;
  }
}

// What a thread's stack must hold: the deepest chain of calls.
std::uint32_t stack_of(Program& program, std::uint32_t index, std::vector<char>& visiting) {
  Function& function = program.functions[index];
  if (visiting[index] != 0) {
    function.recursive = true;
    return 0;
  }
  visiting[index] = 1;
  std::uint32_t below = 0;
  for (std::uint32_t at = function.begin; at < function.end; ++at) {
    if (program.code[at].control != Control::call) continue;
    const std::uint32_t callee = program.calls[program.code[at].table].function;
    below = std::max(below, stack_of(program, callee, visiting));
    function.recursive = function.recursive || program.functions[callee].recursive;
  }
  visiting[index] = 0;
  function.stack_bytes = function.locals_bytes + below;
  return function.stack_bytes;
}

// Parameters of functions must be known before calls of them are decoded.
void declare(const ptx::Function& source, Function& function) {
  std::uint32_t at = 0;
  const auto add = [&](const std::vector<ptx::Variable>& from, std::vector<Parameter>& to) {
    for (const ptx::Variable& variable : from) {
      at = aligned(at, std::max<std::uint32_t>(variable.alignment, 1));
      to.push_back({at, static_cast<std::uint32_t>(variable.bytes())});
      at += static_cast<std::uint32_t>(variable.bytes());
    }
  };
  add(source.parameters, function.parameters);
  add(source.results, function.results);
}

}  // namespace

Decoded decode(const ptx::Module& module,
               const std::function<std::uint64_t(const ptx::Variable&)>& place) {
  Decoded made;
  Symbols symbols;
  for (const ptx::Variable& variable : module.variables) {
    if (variable.space == ptx::Space::shared) continue;
    const std::uint64_t address = place(variable);
    symbols.globals[variable.name] = address;
    made.program.variables[variable.name] = {variable.name, address, variable.bytes(),
                                             variable.space == ptx::Space::constant};
  }
  for (const ptx::Variable& variable : module.variables) {
    if (variable.space != ptx::Space::shared) made.images.push_back(image_of(variable, symbols));
  }
  std::uint32_t common_shared = 0;
  for (const ptx::Function& function : module.functions) {
    if (!function.is_defined) continue;
    symbols.functions[function.name] = static_cast<std::uint32_t>(made.program.functions.size());
    declare(function, made.program.functions.emplace_back());
    if (function.is_kernel) continue;
    const auto shared = shared_of(module, function);
    if (std::any_of(shared.begin(), shared.end(),
                    [](const auto* variable) { return variable->count == 0; })) {
      throw PtxError{function.line,
                     function.name + " is no kernel and uses dynamic shared memory: not supported"};
    }
    lay_out_shared(shared, symbols, common_shared);
  }
  Constants constants;
  for (const ptx::Function& function : module.functions) {
    if (!function.is_defined) continue;
    Symbols own = symbols;
    std::uint32_t shared = common_shared;
    if (function.is_kernel) lay_out_shared(shared_of(module, function), own, shared);
    Function decoded;
    decoded.shared_bytes = shared;
    Decoder(function, own, made.program, constants).run(decoded);
    made.program.functions[symbols.functions.at(function.name)] = std::move(decoded);
  }
  made.program.constants = constants.take();
  std::vector<char> visiting(made.program.functions.size());
  for (std::uint32_t i = 0; i < made.program.functions.size(); ++i)
    stack_of(made.program, i, visiting);
  return made;
}

}  // namespace cuda_emulator
