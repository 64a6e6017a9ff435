#include "tests/drivers/cuda/ptx_parser.h"

#include <algorithm>
#include <array>
#include <bit>
#include <utility>

#include "tests/drivers/cuda/ptx_lexer.h"

namespace cuda_emulator::ptx {
namespace {

using Kind = Token::Kind;

std::optional<Space> space_named(std::string_view word) {
  static constexpr std::array<std::pair<std::string_view, Space>, 6> all{
      {{".reg", Space::reg},
       {".global", Space::global},
       {".const", Space::constant},
       {".shared", Space::shared},
       {".local", Space::local},
       {".param", Space::param}}};
  for (const auto& [name, space] : all) {
    if (name == word) return space;
  }
  return std::nullopt;
}

class Parser {
 public:
  explicit Parser(std::string_view text) : tokens_(tokens_of(text)) {}

  Module module() {
    while (here().kind != Kind::end) top_level();
    if (result_.version == 0) fail("no .version directive");
    return std::move(result_);
  }

 private:
  const Token& here() const { return tokens_[at_]; }
  const Token& ahead(std::size_t n) const { return tokens_[std::min(at_ + n, tokens_.size() - 1)]; }
  bool sees(std::string_view text) const {
    return here().kind != Kind::string && here().text == text;
  }
  bool take(std::string_view text) {
    if (!sees(text)) return false;
    ++at_;
    return true;
  }
  [[noreturn]] void fail(const std::string& what) const { throw PtxError{here().line, what}; }
  void expect(std::string_view text) {
    if (!take(text))
      fail("expected '" + std::string(text) + "' at '" + std::string(here().text) + "'");
  }
  std::string word() {
    if (here().kind != Kind::word) fail("expected a name at '" + std::string(here().text) + "'");
    return std::string(tokens_[at_++].text);
  }
  std::uint64_t integer() {
    const bool minus = take("-");
    if (here().kind != Kind::integer)
      fail("expected an integer at '" + std::string(here().text) + "'");
    const std::uint64_t value = tokens_[at_++].bits;
    return minus ? 0 - value : value;
  }
  void skip_line() {
    const int line = here().line;
    while (here().kind != Kind::end && here().line == line) ++at_;
  }
  void skip_braces() {
    expect("{");
    for (int depth = 1; depth > 0; ++at_) {
      if (here().kind == Kind::end) fail("a block that does not end");
      if (sees("{")) ++depth;
      if (sees("}")) --depth;
    }
  }

  void top_level() {
    if (take(".version")) {
      const Token& token = tokens_[at_++];
      if (token.kind != Kind::f64) fail("expected a version such as 8.4");
      result_.version = static_cast<int>(std::bit_cast<double>(token.bits) * 10 + 0.5);
    } else if (take(".target")) {
      result_.target = word();
      while (take(",")) word();
    } else if (take(".address_size")) {
      if (integer() != 64) fail("only .address_size 64 is supported");
    } else if (sees(".file") || sees(".loc") || sees(".pragma")) {
      skip_line();
    } else if (take(".section")) {
      word();
      skip_braces();
    } else if (!take(";")) {
      declaration();
    }
  }

  void declaration() {
    bool is_extern = false;
    while (sees(".visible") || sees(".extern") || sees(".weak") || sees(".common")) {
      is_extern = is_extern || sees(".extern");
      ++at_;
    }
    if (take(".entry")) return function(true);
    if (take(".func")) return function(false);
    const auto space = space_named(here().text);
    if (!space) fail("unsupported directive '" + std::string(here().text) + "'");
    ++at_;
    for (Variable& variable : variables(*space)) {
      if (is_extern && variable.space != Space::shared) {
        throw PtxError{variable.line,
                       "external variable '" + variable.name + "' is defined nowhere"};
      }
      result_.variables.push_back(std::move(variable));
    }
    expect(";");
  }

  // What follows a space: ".align 8 .b8 name[16] = {…}, other", or a parameter's.
  std::vector<Variable> variables(Space space, bool only_one = false) {
    std::vector<Variable> all;
    Variable common;
    common.space = space;
    common.line = here().line;
    while (here().kind == Kind::word && here().text.starts_with('.')) attribute(common);
    if (common.type.kind == Type::Kind::none) fail("a variable without a type");
    do {
      all.push_back(common);
      declarator(all.back());
      if (all.back().name.find('<') != std::string::npos) expand_range(all);
    } while (!only_one && take(","));
    return all;
  }

  void attribute(Variable& variable) {
    const std::string name = word();
    if (name == ".align") {
      variable.alignment = static_cast<std::uint32_t>(integer());
    } else if (name == ".attribute") {
      expect("(");
      if (word() != ".managed") fail("unsupported attribute");
      fail(".managed variables are not supported");
    } else if (name == ".v2" || name == ".v4") {
      variable.count *= name == ".v2" ? 2 : 4;
    } else if (name == ".ptr") {
      // A hint on a kernel's parameter: the space and alignment of what it points to.
      while (sees(".global") || sees(".const") || sees(".shared") || sees(".local")) ++at_;
    } else if (const auto type = type_named(name)) {
      variable.type = *type;
      variable.alignment = std::max<std::uint32_t>(variable.alignment, type->bytes);
    } else {
      fail("unsupported type or attribute '" + name + "'");
    }
  }

  void declarator(Variable& variable) {
    variable.line = here().line;
    variable.name = word();
    if (take("<")) {
      variable.count = integer();
      expect(">");
      variable.name += "<";
    }
    while (take("[")) {
      variable.count *= sees("]") ? 0 : integer();
      expect("]");
    }
    if (take("=")) initialiser(variable);
  }

  // "%r<4>" declares %r0 to %r3.
  static void expand_range(std::vector<Variable>& all) {
    Variable pattern = std::move(all.back());
    all.pop_back();
    pattern.name.pop_back();
    const std::uint64_t count = std::exchange(pattern.count, 1);
    for (std::uint64_t i = 0; i < count; ++i) {
      all.push_back(pattern);
      all.back().name += std::to_string(i);
    }
  }

  void initialiser(Variable& variable) {
    if (take("{")) {
      while (!take("}")) {
        if (sees("{")) {
          initialiser(variable);
        } else {
          variable.initial.push_back(initial());
        }
        take(",");
      }
    } else {
      variable.initial.push_back(initial());
    }
    if (variable.count == 0) variable.count = variable.initial.size();
    if (variable.initial.size() > variable.count) fail("more initial values than elements");
  }

  Initial initial() {
    Initial value;
    const bool minus = take("-");
    const Token& token = tokens_[at_++];
    if (token.kind == Kind::word) {
      if (token.text == "generic") {
        expect("(");
        value.symbol = word();
        expect(")");
      } else {
        value.symbol = std::string(token.text);
      }
      if (take("+")) value.bits = integer();
    } else {
      value.bits = minus ? 0 - token.bits : token.bits;
      value.is_double = token.kind == Kind::f64;
    }
    return value;
  }

  void function(bool is_kernel) {
    Function made;
    made.is_kernel = is_kernel;
    made.line = here().line;
    if (sees("(")) made.results = parameters();
    made.name = word();
    if (sees("(")) made.parameters = parameters();
    while (here().kind == Kind::word) performance_directive(made);
    if (take("{")) {
      made.is_defined = true;
      body(made);
    } else {
      expect(";");
    }
    add(std::move(made));
  }

  // A definition takes the place of its declarations.
  void add(Function made) {
    for (Function& known : result_.functions) {
      if (known.name != made.name) continue;
      if (known.is_defined && made.is_defined)
        throw PtxError{made.line, made.name + " is defined twice"};
      if (made.is_defined) known = std::move(made);
      return;
    }
    result_.functions.push_back(std::move(made));
  }

  std::vector<Variable> parameters() {
    std::vector<Variable> all;
    expect("(");
    while (!take(")")) {
      const auto space = space_named(word());
      if (!space) fail("a parameter without a space");
      all.push_back(std::move(variables(*space, true).front()));
      if (!sees(")")) expect(",");
    }
    return all;
  }

  void performance_directive(Function& made) {
    const std::string name = word();
    if (name == ".noreturn") return;
    if (name == ".pragma") {
      while (!take(";")) ++at_;
      return;
    }
    static constexpr std::array<std::string_view, 7> known{
        ".maxntid", ".reqntid",        ".minnctapersm",     ".maxnctapersm",
        ".maxnreg", ".maxclusterrank", ".reqnctapercluster"};
    if (std::find(known.begin(), known.end(), name) == known.end() ||
        name == ".reqnctapercluster") {
      fail("unsupported directive '" + name + "'");
    }
    std::uint32_t values[3] = {1, 1, 1};
    int count = 0;
    do {
      if (count == 3) fail("more than three dimensions");
      values[count++] = static_cast<std::uint32_t>(integer());
    } while (take(","));
    if (name == ".maxntid") std::copy(values, values + 3, made.threads_max);
    if (name == ".reqntid") std::copy(values, values + 3, made.required_threads);
  }

  void body(Function& made) {
    made.scopes.emplace_back();
    int scope = 0;
    for (;;) {
      if (take("}")) {
        scope = made.scopes[static_cast<std::size_t>(scope)].parent;
        if (scope < 0) return;
      } else if (take("{")) {
        made.scopes.emplace_back().parent = scope;
        scope = static_cast<int>(made.scopes.size()) - 1;
      } else if (here().kind == Kind::end) {
        fail("a function that does not end");
      } else {
        statement(made, scope);
      }
    }
  }

  void statement(Function& made, int scope) {
    Scope& within = made.scopes[static_cast<std::size_t>(scope)];
    if (take(";")) return;
    if (sees(".loc") || sees(".file")) return skip_line();
    if (take(".pragma")) {
      while (!take(";")) ++at_;
      return;
    }
    if (const auto space = space_named(here().text)) {
      ++at_;
      for (Variable& variable : variables(*space)) {
        const std::string name = variable.name;
        if (!within.names.emplace(name, std::move(variable)).second)
          fail(name + " is declared twice");
      }
      return expect(";");
    }
    if (here().kind == Kind::word && ahead(1).text == ":" && ahead(1).kind == Kind::punctuation) {
      within.labels.emplace(word(), made.body.size());
      return expect(":");
    }
    made.body.push_back(sees(".branchtargets") ? branch_targets(scope) : instruction(scope));
  }

  // The table that a brx.idx names by the label before it.
  Instruction branch_targets(int scope) {
    Instruction made;
    made.line = here().line;
    made.scope = scope;
    made.mnemonic = word();
    do made.operands.push_back(name({}));
    while (take(","));
    expect(";");
    return made;
  }

  Instruction instruction(int scope) {
    Instruction made;
    made.line = here().line;
    made.scope = scope;
    if (take("@")) {
      made.guard_negated = take("!");
      made.guard = word();
    }
    made.mnemonic = word();
    if (made.mnemonic.starts_with('.')) fail("unsupported directive '" + made.mnemonic + "'");
    while (!take(";")) {
      made.operands.push_back(operand());
      if (!sees(";")) expect(",");
    }
    return made;
  }

  Operand operand() {
    if (take("{")) return list("}");
    if (take("(")) return list(")");
    if (take("[")) return address();
    Operand made;
    made.negated = take("!");
    const bool minus = take("-");
    const Token& token = here();
    switch (token.kind) {
      case Kind::integer: made.kind = Operand::Kind::integer; break;
      case Kind::f32: made.kind = Operand::Kind::f32; break;
      case Kind::f64: made.kind = Operand::Kind::f64; break;
      case Kind::word: return name(std::move(made));
      default: fail("expected an operand at '" + std::string(token.text) + "'");
    }
    made.bits = minus ? 0 - token.bits : token.bits;
    ++at_;
    return made;
  }

  Operand name(Operand made) {
    made.name = word();
    made.kind = made.name == "_" ? Operand::Kind::sink : Operand::Kind::name;
    if (take("|")) made.second = word();
    if (take("+")) made.offset = static_cast<std::int64_t>(integer());
    return made;
  }

  Operand list(std::string_view close) {
    Operand made;
    made.kind = Operand::Kind::list;
    while (!take(close)) {
      made.elements.push_back(operand());
      if (!sees(close)) expect(",");
    }
    return made;
  }

  Operand address() {
    Operand made;
    made.kind = Operand::Kind::address;
    if (here().kind == Kind::word) made.name = word();
    if (take("+") || here().kind == Kind::integer || sees("-")) {
      made.offset = static_cast<std::int64_t>(integer());
    }
    expect("]");
    return made;
  }

  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  Module result_;
};

}  // namespace

std::optional<Type> type_named(std::string_view name) {
  if (name.starts_with('.')) name.remove_prefix(1);
  if (name == "pred") return Type{Type::Kind::predicate, 0};
  if (name == "f16x2") return Type{Type::Kind::floating, 4};
  static constexpr std::array<std::pair<std::string_view, std::uint8_t>, 5> sizes{
      {{"8", 1}, {"16", 2}, {"32", 4}, {"64", 8}, {"128", 16}}};
  if (name.empty()) return std::nullopt;
  for (const auto& [digits, bytes] : sizes) {
    if (name.substr(1) != digits) continue;
    switch (name[0]) {
      case 'b': return Type{Type::Kind::bits, bytes};
      case 'u': return Type{Type::Kind::unsigned_, bytes};
      case 's': return Type{Type::Kind::signed_, bytes};
      case 'f': return bytes == 1 ? std::nullopt : std::optional(Type{Type::Kind::floating, bytes});
      default: return std::nullopt;
    }
  }
  return std::nullopt;
}

Module parse(std::string_view text) { return Parser(text).module(); }

}  // namespace cuda_emulator::ptx
