// Finds a backend's plug-in and checks that it fits this build before anything of it runs.
#pragma once

#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <string_view>
#include <vector>

#include "runtime/device/device.h"

namespace troika {

// What a plug-in exports. Checked member by member in this order: a stranger's object may end
// anywhere behind the first two.
struct PluginDescriptor {
  static constexpr std::uint64_t magic_value = 0x616b696f72542101;
  // Raised with every change to the interfaces of runtime/device.
  static constexpr std::uint32_t abi_value = 1;

  std::uint64_t magic = magic_value;
  std::uint32_t abi = abi_value;
  std::uint32_t descriptor_bytes = sizeof(PluginDescriptor);
  const char* compiler = "";   // version and C++ library ABI
  const char* sanitizer = "";  // "none", "address", "thread"
  std::uint64_t layout = 0;    // of the interface structs' sizes
  Backend backend;
};

namespace detail {

#if defined(__SANITIZE_ADDRESS__)
inline constexpr const char* sanitizer_tag = "address";
#elif defined(__SANITIZE_THREAD__)
inline constexpr const char* sanitizer_tag = "thread";
#else
inline constexpr const char* sanitizer_tag = "none";
#endif

inline constexpr const char* compiler_tag =
#if defined(_GLIBCXX_USE_CXX11_ABI) && _GLIBCXX_USE_CXX11_ABI
    __VERSION__ ", libstdc++ C++11 ABI";
#else
    __VERSION__;
#endif

constexpr std::uint64_t layout_of(std::initializer_list<std::size_t> sizes) noexcept {
  std::uint64_t mixed = 0;
  for (const std::size_t size : sizes) mixed = mixed * 1'000'003 + size;
  return mixed;
}

inline constexpr std::uint64_t layout_tag =
    layout_of({sizeof(Status),      sizeof(Allocation), sizeof(Span2D),    sizeof(AllocOp),
               sizeof(Memory),      sizeof(Scalar),     sizeof(KernelArg), sizeof(LaunchShape),
               sizeof(KernelImage), sizeof(Timepoint),  sizeof(CopyOp),    sizeof(FillOp),
               sizeof(HandOver),    sizeof(LaunchOp),   sizeof(Interval),  sizeof(Advance),
               sizeof(Queue),       sizeof(DeviceInfo), sizeof(Device),    sizeof(BackendOptions),
               sizeof(Missing),     sizeof(Opened),     sizeof(Backend)});

}  // namespace detail

// The descriptor of `backend` as this translation unit's compiler sees the interfaces.
constexpr PluginDescriptor describe(const Backend& backend) noexcept {
  PluginDescriptor descriptor;
  descriptor.compiler = detail::compiler_tag;
  descriptor.sanitizer = detail::sanitizer_tag;
  descriptor.layout = detail::layout_tag;
  descriptor.backend = backend;
  return descriptor;
}

// The symbol that holds a plug-in's PluginDescriptor.
inline constexpr char plugin_symbol[] = "troika_backend";

// Directories in the order they are searched: $TROIKA_PLUGIN_PATH (ignored in a set-user-id
// program), and the folder troika beside the library or program that this is linked into, or in
// its sister ../lib.
std::vector<std::filesystem::path> plugin_path();

// Opens libtroika-<name>.so from the first directory that holds it. Never unloaded.
// Code::unavailable says what was looked for, where, and what does not fit.
Result<Backend> load_plugin(std::string_view name,
                            const std::vector<std::filesystem::path>& directories = plugin_path());

// load_plugin() and open_all() in one. An absent plug-in or driver is an entry in `missing`, never
// an error.
Opened open_plugin(std::string_view name, const BackendOptions& options,
                   const std::vector<std::filesystem::path>& directories = plugin_path());

}  // namespace troika

// Once in a plug-in, outside any namespace.
#define TROIKA_EXPORT_BACKEND(backend)              \
  extern "C" __attribute__((visibility("default"))) \
  const ::troika::PluginDescriptor troika_backend;  \
  const ::troika::PluginDescriptor troika_backend = ::troika::describe(backend)
