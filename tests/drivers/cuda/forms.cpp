#include "tests/drivers/cuda/forms.h"

#include <algorithm>

namespace cuda_emulator {

Mnemonic::Mnemonic(std::string_view text) {
  op_ = text.substr(0, text.find('.'));
  text.remove_prefix(op_.size());
  while (!text.empty()) {
    text.remove_prefix(1);
    const std::string_view part = text.substr(0, text.find('.'));
    parts_.push_back(part);
    text.remove_prefix(part.size());
  }
}

std::optional<ptx::Type> Mnemonic::take_type() {
  // A pair of halves is no type of one value: only what knows pairs may take it.
  if (parts_.empty() || parts_.back() == "f16x2") return std::nullopt;
  const auto type = ptx::type_named(parts_.back());
  if (type) parts_.pop_back();
  return type;
}

bool Mnemonic::take(std::string_view part) {
  const auto found = std::find(parts_.begin(), parts_.end(), part);
  if (found == parts_.end()) return false;
  parts_.erase(found);
  return true;
}

std::optional<std::size_t> Mnemonic::take_one_of(std::initializer_list<std::string_view> parts) {
  std::size_t index = 0;
  for (const std::string_view part : parts) {
    if (take(part)) return index;
    ++index;
  }
  return std::nullopt;
}

std::optional<Form> register_form(std::string_view mnemonic) {
  const Mnemonic parts(mnemonic);
  for (const auto family : {integer_form, carry_form, bits_form, float_form, half_form,
                            compare_form, convert_form, warp_form}) {
    if (auto form = family(parts)) return form;
  }
  return std::nullopt;
}

}  // namespace cuda_emulator
