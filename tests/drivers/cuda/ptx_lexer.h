// PTX text to tokens.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cuda_emulator {

struct Token {
  enum class Kind { word, integer, f32, f64, string, punctuation, end };
  Kind kind = Kind::end;
  // A word with the dots in it ("ld.global.u32", ".reg", "%tid.x"), a string without its quotes, or
  // one character of punctuation.
  std::string_view text;
  std::uint64_t bits = 0;  // an integer's value, or a float's bits
  int line = 0;
};

// What was wrong with a text, and where. Thrown by the lexer, the parser and the decoder; caught
// where a module is loaded, which writes it to the caller's log.
struct PtxError {
  int line;
  std::string what;
};

// The tokens of the text, which must outlive them; the last is of kind end. Comments and line
// directives' contents are left to the parser. Throws PtxError.
std::vector<Token> tokens_of(std::string_view text);

}  // namespace cuda_emulator
