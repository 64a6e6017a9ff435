#include "serving/onnx/operators.h"

#include <algorithm>

namespace troika::onnx {

const std::vector<Operator>& all_operators() {
  static const std::vector<Operator> all = [] {
    std::vector<Operator> made;
    add_elementwise_operators(made);
    add_activation_operators(made);
    add_shape_operators(made);
    add_placing_operators(made);
    add_product_operators(made);
    add_window_operators(made);
    add_reduction_operators(made);
    std::ranges::sort(made, {}, &Operator::name);
    return made;
  }();
  return all;
}

const Operator& require_operator(std::string_view name, int version) {
  const auto found = std::ranges::lower_bound(all_operators(), name, {}, &Operator::name);
  if (found == all_operators().end() || found->name != name)
    refuse(Code::unsupported, "operator " + std::string{name} + " is not there");
  if (version < found->since || version > found->until)
    refuse(Code::unsupported, "operator " + std::string{name} + " of version " +
                                  std::to_string(version) + "; " + std::to_string(found->since) +
                                  " to " + std::to_string(found->until) + " are there");
  return *found;
}

std::string operators_page() {
  std::string page =
      "# Operators\n\nMade from the table in the code by `troika-onnx operators`; a test compares. "
      "Versions are those in which\nONNX last changed an operator. Types are those of the first "
      "input. Each runs on the host.\n\n"
      "| operator | versions | types | not there |\n|---|---|---|---|\n";
  std::size_t pairs = 0;
  for (const Operator& each : all_operators()) {
    page += "| " + std::string{each.name} + " | " + std::to_string(each.since);
    if (each.until != each.since) page += "–" + std::to_string(each.until);
    page += " | ";
    for (std::size_t i = 0; i < each.types.size(); ++i)
      page += (i == 0 ? "" : ", ") + std::string{name_of(each.types[i])};
    page += " | " + std::string{each.limits} + " |\n";
    pairs += each.types.size();
  }
  return page + "\n" + std::to_string(all_operators().size()) + " operators, " +
         std::to_string(pairs) + " pairs of operator and type.\n";
}

}  // namespace troika::onnx
