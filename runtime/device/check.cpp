#include "runtime/device/check.h"

#include <string>

namespace troika {

Status check_allocation(const AllocOp& op, std::string_view device) {
  if (op.bytes == 0 || op.alignment == 0 || (op.alignment & (op.alignment - 1)) != 0)
    return {Code::invalid_argument, "allocate: " + std::to_string(op.bytes) + " bytes aligned to " +
                                        std::to_string(op.alignment)};
  if (op.alignment > alignment_max)
    return {Code::unsupported, "allocate: " + std::string{device} + " aligns to at most " +
                                   std::to_string(alignment_max)};
  return {};
}

Status check_span(const Span2D& span, std::string_view verb) {
  const bool rows_overlap = span.rows > 1 && span.pitch < span.row_bytes;
  if (span.rows == 0 || span.row_bytes == 0 || rows_overlap)
    return {Code::invalid_argument, std::string{verb} + ": rows that are empty or overlap"};
  if (span.end() > span.in->bytes())
    return {Code::out_of_range, std::string{verb} + ": ends at byte " + std::to_string(span.end()) +
                                    " of an allocation of " + std::to_string(span.in->bytes())};
  return {};
}

Status check_launch(std::string_view operation, std::span<const Param> params,
                    const StreamOperation& op) {
  const auto args = op.args.view();
  const auto mistake = [&](Code code, const std::string& what) {
    return Status{code, "launch of " + std::string{operation} + ": " + what};
  };
  // Not named before there is something to say: most launches have no mistake.
  const auto argument = [](std::size_t i) { return "argument " + std::to_string(i) + " "; };
  if (args.size() != params.size())
    return mistake(Code::invalid_argument, std::to_string(args.size()) + " arguments for " +
                                               std::to_string(params.size()) + " parameters");
  for (std::size_t i = 0; i < args.size(); ++i) {
    if (args[i].is_buffer() != params[i].is_buffer)
      return mistake(Code::invalid_argument,
                     argument(i) + (params[i].is_buffer ? "must be a buffer" : "must be a scalar"));
    if (args[i].is_buffer()) {
      if (args[i].span.end() > args[i].span.in->bytes())
        return mistake(Code::out_of_range, argument(i) + "ends beyond its allocation");
    } else if (args[i].scalar.type != params[i].type) {
      return mistake(Code::invalid_argument, argument(i) + "is " +
                                                 std::string{name_of(args[i].scalar.type)} +
                                                 ", not " + std::string{name_of(params[i].type)});
    }
  }
  for (const std::size_t size : op.shape.global)
    if (size == 0) return mistake(Code::invalid_argument, "no work-items");
  return {};
}

Status not_own(std::string_view verb, std::string_view device) {
  return {Code::invalid_argument,
          std::string{verb} + ": an allocation that is not one of " + std::string{device} + "'s"};
}

}  // namespace troika
