// A plug-in of one of the kinds that the loader must accept or refuse; VARIANT says which.
#include "runtime/device/plugin.h"

namespace {

enum Variant {
  fine,
  failing_open,
  bad_magic,
  other_abi,
  other_size,
  other_compiler,
  other_sanitizer,
  other_layout
};

troika::Result<troika::Opened> open_all(const troika::BackendOptions&) {
  if (VARIANT == failing_open)
    return troika::Status{troika::Code::unavailable, "libfake.so.1: no such driver"};
  troika::Opened opened;
  opened.missing.push_back({"fake", {troika::Code::unavailable, "has no devices"}});
  return opened;
}

troika::PluginDescriptor make() {
  auto descriptor = troika::describe({"fake", open_all});
  switch (VARIANT) {
    case bad_magic: descriptor.magic = 42; break;
    case other_abi: descriptor.abi = 77; break;
    case other_size: descriptor.descriptor_bytes = 8; break;
    case other_compiler: descriptor.compiler = "colossus 1"; break;
    case other_sanitizer: descriptor.sanitizer = "valgrind"; break;
    case other_layout: descriptor.layout = 1; break;
    default: break;
  }
  return descriptor;
}

}  // namespace

extern "C" __attribute__((visibility("default"))) const troika::PluginDescriptor troika_backend;
const troika::PluginDescriptor troika_backend = make();
