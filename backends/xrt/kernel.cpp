#include <algorithm>

#include "backends/xrt/xrt.h"

namespace troika::xrt {
namespace {

std::string names_of(const std::vector<Image>& images) {
  std::string names;
  for (const Image& image : images) names += (names.empty() ? "" : ", ") + image.path;
  return names;
}

bool reaches(const Core& core, const std::vector<int>& banks) {
  if (core.host_bank < 0) return !banks.empty();
  return std::find(banks.begin(), banks.end(), core.host_bank) != banks.end();
}

// Whether the circuit's arguments are the parameters', and each buffer has a bank.
Status check_arguments(const Core& core, const KernelInfo& kernel,
                       const std::vector<Param>& params) {
  std::size_t at = 0;
  const auto next = [&](std::size_t bytes) {
    return at < kernel.argument_bytes.size() && kernel.argument_bytes[at++] == bytes;
  };
  for (std::size_t i = 0; i < params.size(); ++i) {
    const std::string parameter = "parameter " + std::to_string(i);
    if (!params[i].is_buffer) {
      if (!next(size_of(params[i].type)))
        return {Code::kernel_failed, parameter + " is " + std::string{name_of(params[i].type)} +
                                         ", which argument " + std::to_string(at - 1) + " is not"};
      continue;
    }
    const std::size_t base = at;
    if (!next(8) || !next(8))
      return {Code::kernel_failed, parameter +
                                       " is a buffer, which takes two arguments, a base and a "
                                       "64-bit byte offset"};
    for (const UnitInfo& unit : kernel.units)
      if (!reaches(core, unit.banks[base]))
        return {Code::kernel_failed, parameter + " is a buffer, but argument " +
                                         std::to_string(base) + " of " + unit.name +
                                         " is not wired to " +
                                         (core.host_bank < 0 ? "any memory" : "the host's memory")};
  }
  if (at == kernel.argument_bytes.size()) return {};
  return {Code::kernel_failed, "it takes " + std::to_string(kernel.argument_bytes.size()) +
                                   " arguments, its parameters are " + std::to_string(at)};
}

}  // namespace

Result<std::unique_ptr<LoadedKernel>> load_kernel(const std::shared_ptr<const Core>& core,
                                                  const KernelImage& image) {
  if (image.dialect != Dialect::xclbin)
    return Status{Code::unsupported,
                  core->name + " takes xclbin, not " + std::string{troika::name_of(image.dialect)}};
  const std::string context = image.operation + " on " + core->name;
  const std::vector<Image>& images = core->card.images();
  for (std::size_t i = 0; i < images.size(); ++i) {
    const int found = images[i].find(image.entry);
    if (found < 0) continue;
    const KernelInfo& kernel = images[i].kernels[static_cast<std::size_t>(found)];
    if (Status fits = check_arguments(*core, kernel, image.params); !fits.ok())
      return fits.within("`" + image.entry + "`").within(context);
    return std::unique_ptr<LoadedKernel>{
        std::make_unique<XrtKernel>(core, static_cast<int>(i), found, image)};
  }
  return Status{Code::kernel_failed,
                context + ": no kernel `" + image.entry + "` in " + names_of(images)};
}

}  // namespace troika::xrt
