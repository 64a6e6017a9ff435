#include "tests/drivers/cuda/ptx_lexer.h"

#include <bit>
#include <cctype>
#include <charconv>

namespace cuda_emulator {
namespace {

bool begins_word(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) || c == '_' || c == '$' || c == '%' ||
         c == '.';
}

bool continues_word(char c) {
  return begins_word(c) || std::isdigit(static_cast<unsigned char>(c)) || c == ':';
}

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  std::vector<Token> all() {
    std::vector<Token> tokens;
    do {
      skip_blanks();
      tokens.push_back(next());
    } while (tokens.back().kind != Token::Kind::end);
    return tokens;
  }

 private:
  char at(std::size_t i) const { return i < text_.size() ? text_[i] : '\0'; }

  void skip_blanks() {
    for (;;) {
      if (at(here_) == '\n') {
        ++line_, ++here_;
      } else if (std::isspace(static_cast<unsigned char>(at(here_)))) {
        ++here_;
      } else if (at(here_) == '/' && at(here_ + 1) == '/') {
        while (here_ < text_.size() && text_[here_] != '\n') ++here_;
      } else if (at(here_) == '/' && at(here_ + 1) == '*') {
        skip_block_comment();
      } else {
        return;
      }
    }
  }

  void skip_block_comment() {
    const int begun = line_;
    for (here_ += 2; !(at(here_) == '*' && at(here_ + 1) == '/'); ++here_) {
      if (here_ >= text_.size()) throw PtxError{begun, "a comment that does not end"};
      if (text_[here_] == '\n') ++line_;
    }
    here_ += 2;
  }

  Token next() {
    const char c = at(here_);
    if (here_ >= text_.size() || c == '\0') return {Token::Kind::end, {}, 0, line_};
    if (std::isdigit(static_cast<unsigned char>(c))) return number();
    if (begins_word(c)) return word();
    if (c == '"') return string();
    return {Token::Kind::punctuation, text_.substr(here_++, 1), 0, line_};
  }

  // A colon belongs to a word only where two stand together ("L2::128B"): one ends a label.
  Token word() {
    const std::size_t begin = here_++;
    while (continues_word(at(here_))) {
      if (at(here_) == ':') {
        if (at(here_ + 1) != ':') break;
        ++here_;
      }
      ++here_;
    }
    return {Token::Kind::word, text_.substr(begin, here_ - begin), 0, line_};
  }

  Token string() {
    const std::size_t begin = ++here_;
    while (at(here_) != '"') {
      if (here_ >= text_.size()) throw PtxError{line_, "a string that does not end"};
      if (at(here_) == '\\') ++here_;
      ++here_;
    }
    return {Token::Kind::string, text_.substr(begin, here_++ - begin), 0, line_};
  }

  // 0f3F800000, 0d3FF0000000000000, 0x1F, 0b101, 017, 12, 12U, 1.5
  Token number() {
    const char kind = static_cast<char>(std::tolower(at(here_ + 1)));
    if (at(here_) == '0' && kind == 'f') return digits(2, 16, Token::Kind::f32);
    if (at(here_) == '0' && kind == 'd') return digits(2, 16, Token::Kind::f64);
    if (at(here_) == '0' && kind == 'x') return digits(2, 16, Token::Kind::integer);
    if (at(here_) == '0' && kind == 'b') return digits(2, 2, Token::Kind::integer);
    std::size_t end = here_;
    while (std::isdigit(static_cast<unsigned char>(at(end)))) ++end;
    if (at(end) == '.') return decimal_float();
    const bool octal = at(here_) == '0' && end > here_ + 1;
    return digits(octal ? 1 : 0, octal ? 8 : 10, Token::Kind::integer);
  }

  Token digits(std::size_t prefix, int base, Token::Kind kind) {
    Token token{kind, {}, 0, line_};
    const char* const first = text_.data() + here_ + prefix;
    const auto [end, error] = std::from_chars(first, text_.data() + text_.size(), token.bits, base);
    if (error != std::errc()) throw PtxError{line_, "a number that is none"};
    const std::size_t begin = here_;
    here_ = static_cast<std::size_t>(end - text_.data());
    if (at(here_) == 'U') ++here_;
    token.text = text_.substr(begin, here_ - begin);
    return token;
  }

  Token decimal_float() {
    double value = 0;
    const char* const first = text_.data() + here_;
    const auto [end, error] = std::from_chars(first, text_.data() + text_.size(), value);
    if (error != std::errc()) throw PtxError{line_, "a number that is none"};
    const std::size_t begin = here_;
    here_ = static_cast<std::size_t>(end - text_.data());
    return {Token::Kind::f64, text_.substr(begin, here_ - begin),
            std::bit_cast<std::uint64_t>(value), line_};
  }

  std::string_view text_;
  std::size_t here_ = 0;
  int line_ = 1;
};

}  // namespace

std::vector<Token> tokens_of(std::string_view text) { return Lexer(text).all(); }

}  // namespace cuda_emulator
