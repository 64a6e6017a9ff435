#include "backends/host/host.h"

namespace troika::host {
namespace {

Status check_argument(const Param& param, const KernelArg& arg) {
  if (arg.is_buffer() != param.is_buffer)
    return {Code::invalid_argument,
            param.is_buffer ? "a scalar for a buffer" : "a buffer for a scalar"};
  if (arg.is_buffer()) return check_span(arg.span);
  if (arg.scalar.type != param.type)
    return {Code::invalid_argument,
            std::string{name_of(arg.scalar.type)} + " for " + std::string{name_of(param.type)}};
  return {};
}

}  // namespace

Result<std::unique_ptr<troika::LoadedKernel>> Kernel::load(const KernelImage& image) {
  if (image.dialect != Dialect::host)
    return Status{Code::unsupported, "load of " + image.operation + ": the host cannot run " +
                                         std::string{name_of(image.dialect)}};
  if (!image.function.call)
    return Status{Code::kernel_failed, "load of " + image.operation + ": it has no function"};
  auto loaded = std::make_shared<const LoadedFunction>(
      LoadedFunction{image.operation, image.params, image.function});
  return std::unique_ptr<troika::LoadedKernel>{new Kernel{std::move(loaded)}};
}

Status Kernel::check(std::span<const KernelArg> args) const {
  const auto& params = loaded_->params;
  if (args.size() != params.size())
    return {Code::invalid_argument, "launch of " + loaded_->operation + ": " +
                                        std::to_string(args.size()) + " arguments for " +
                                        std::to_string(params.size()) + " parameters"};
  for (std::size_t i = 0; i < args.size(); ++i) {
    Status fits = check_argument(params[i], args[i]);
    if (!fits.ok())
      return fits.within("launch of " + loaded_->operation + ", argument " + std::to_string(i));
  }
  return {};
}

Status check_span(const Span2D& span) {
  if (!span.in || !span.in->host()) return {Code::unsupported, "the host cannot reach these bytes"};
  if (span.rows > 1 && span.pitch < span.row_bytes)
    return {Code::invalid_argument, "rows of " + std::to_string(span.row_bytes) +
                                        " bytes overlap at a pitch of " +
                                        std::to_string(span.pitch)};
  if (span.end() > span.in->bytes())
    return {Code::out_of_range, "the span ends at byte " + std::to_string(span.end()) + " of " +
                                    std::to_string(span.in->bytes())};
  return {};
}

}  // namespace troika::host
