// A plug-in of one of the kinds that the loader must accept or refuse: its file's name says which.
#include <string>

#include <dlfcn.h>

#include "runtime/device/plugin.h"

namespace {

std::string own_name() {
  Dl_info info{};
  static const int here = 0;
  if (dladdr(&here, &info) == 0) return {};
  return std::filesystem::path{info.dli_fname}.stem().string();
}

troika::Result<troika::Opened> open_all(const troika::BackendOptions&) {
  if (own_name() == "libtroika-failing_open")
    return troika::Status{troika::Code::unavailable, "libfake.so.1: no such driver"};
  troika::Opened opened;
  opened.missing.push_back({"fake", {troika::Code::unavailable, "has no devices"}});
  return opened;
}

troika::PluginDescriptor make() {
  auto descriptor = troika::describe({"fake", open_all});
  const std::string name = own_name();
  if (name == "libtroika-bad_magic") descriptor.magic = 42;
  if (name == "libtroika-other_abi") descriptor.abi = 77;
  if (name == "libtroika-other_size") descriptor.descriptor_bytes = 8;
  if (name == "libtroika-other_compiler") descriptor.compiler = "colossus 1";
  if (name == "libtroika-other_sanitizer") descriptor.sanitizer = "valgrind";
  if (name == "libtroika-other_layout") descriptor.layout = 1;
  return descriptor;
}

}  // namespace

extern "C" __attribute__((visibility("default"))) const troika::PluginDescriptor troika_backend;
const troika::PluginDescriptor troika_backend = make();
