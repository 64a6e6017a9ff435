#include "runtime/device/plugin.h"

#include <cstdlib>
#include <cstring>
#include <string>
#include <system_error>

#include <dlfcn.h>

namespace troika {
namespace {

namespace fs = std::filesystem;

Status unfit(const fs::path& file, const std::string& why) {
  return {Code::unavailable, file.string() + ": " + why};
}

Result<Backend> check(const fs::path& file, const PluginDescriptor& theirs) {
  if (theirs.magic != PluginDescriptor::magic_value)
    return unfit(file, "not a Troika plug-in (its descriptor has another magic number)");
  if (theirs.abi != PluginDescriptor::abi_value)
    return unfit(file, "built for plug-in interface " + std::to_string(theirs.abi) + ", this is " +
                           std::to_string(PluginDescriptor::abi_value));
  if (theirs.descriptor_bytes != sizeof(PluginDescriptor))
    return unfit(file, "its descriptor has " + std::to_string(theirs.descriptor_bytes) +
                           " bytes instead of " + std::to_string(sizeof(PluginDescriptor)));
  const PluginDescriptor ours = describe({});
  if (std::strcmp(theirs.compiler, ours.compiler) != 0)
    return unfit(
        file, std::string{"built by compiler "} + theirs.compiler + ", this by " + ours.compiler);
  if (std::strcmp(theirs.sanitizer, ours.sanitizer) != 0)
    return unfit(file, std::string{"built with sanitizer "} + theirs.sanitizer + ", this with " +
                           ours.sanitizer);
  if (theirs.layout != ours.layout) return unfit(file, "its interface structs have other sizes");
  if (!theirs.backend.open_all) return unfit(file, "its backend cannot be opened");
  return theirs.backend;
}

// Where this function lies: the program, or the library it is part of.
fs::path own_file() {
  static const char here = 0;
  Dl_info info{};
  std::error_code error;
  if (dladdr(&here, &info) != 0 && info.dli_fname && std::strchr(info.dli_fname, '/')) {
    if (auto file = fs::canonical(info.dli_fname, error); !error) return file;
  }
  // A program that was found through PATH is named without its folder.
  return fs::canonical("/proc/self/exe", error);
}

}  // namespace

std::vector<fs::path> plugin_path() {
  std::vector<fs::path> path;
  if (const char* const listed = secure_getenv("TROIKA_PLUGIN_PATH")) {
    std::string_view rest{listed};
    while (!rest.empty()) {
      const auto colon = rest.find(':');
      if (const auto entry = rest.substr(0, colon); !entry.empty()) path.emplace_back(entry);
      rest = colon == std::string_view::npos ? "" : rest.substr(colon + 1);
    }
  }
  if (const fs::path file = own_file(); !file.empty()) {
    path.push_back(file.parent_path() / "troika");
    path.push_back(file.parent_path().parent_path() / "lib" / "troika");
  }
  return path;
}

Result<Backend> load_plugin(std::string_view name, const std::vector<fs::path>& directories) {
  const std::string file_name = "libtroika-" + std::string{name} + ".so";
  std::string searched;
  for (const fs::path& directory : directories) {
    const fs::path file = directory / file_name;
    std::error_code error;
    if (!fs::exists(file, error)) {
      if (!searched.empty()) searched += ':';
      searched += directory.string();
      continue;
    }
    void* const library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!library) {
      const char* const said = dlerror();
      return unfit(file, said ? said : "dlopen failed");
    }
    const void* const symbol = dlsym(library, plugin_symbol);
    if (!symbol)
      return unfit(file, std::string{"not a Troika plug-in (no symbol "} + plugin_symbol + ")");
    return check(file, *static_cast<const PluginDescriptor*>(symbol));
  }
  return Status{Code::unavailable, file_name + ": not found in " + searched};
}

Opened open_plugin(std::string_view name, const BackendOptions& options,
                   const std::vector<fs::path>& directories) {
  const auto backend = load_plugin(name, directories);
  if (!backend.ok()) return {{}, {{std::string{name}, backend.status()}}};
  return open_or_missing(name, *backend, options);
}

}  // namespace troika
