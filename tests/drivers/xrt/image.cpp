#include "tests/drivers/xrt/image.h"

#include <cerrno>
#include <cstdio>

#include <dlfcn.h>

namespace xrt_model {
namespace {

template <class T>
const T* section(const axlf& file, axlf_section_kind kind) {
  const auto* const header = xclbin::get_axlf_section(&file, kind);
  if (!header) return nullptr;
  return reinterpret_cast<const T*>(reinterpret_cast<const char*>(&file) + header->m_sectionOffset);
}

template <std::size_t size>
std::string text(const unsigned char (&from)[size]) {
  const auto* const chars = reinterpret_cast<const char*>(from);
  return {chars, strnlen(chars, size)};
}

void read_banks(const mem_topology& topology, Image& image) {
  for (int i = 0; i < topology.m_count; ++i) {
    const mem_data& bank = topology.m_mem_data[i];
    image.banks.push_back({text(bank.m_tag), bank.m_base_address,
                           bank.m_used ? bank.m_size * 1024 : 0, bank.m_type == MEM_HOST});
  }
}

// Null when the section names no library: the bits of a real image.
void* library_of(const axlf& file) {
  const auto* const bits = section<char>(file, BITSTREAM);
  if (!bits || *bits != '/') return nullptr;
  void* const library = dlopen(bits, RTLD_NOW | RTLD_LOCAL);
  if (!library) std::fprintf(stderr, "XRT device model: %s\n", dlerror());
  return library;
}

}  // namespace

int read_image(const axlf& file, Image& image) {
  const auto* const topology = section<mem_topology>(file, MEM_TOPOLOGY);
  const auto* const units = section<ip_layout>(file, IP_LAYOUT);
  const auto* const wiring = section<connectivity>(file, CONNECTIVITY);
  if (!topology || !units || !wiring) return -EINVAL;
  std::memcpy(image.uuid.data(), file.m_header.uuid, image.uuid.size());
  read_banks(*topology, image);
  void* const library = library_of(file);
  for (int i = 0; i < units->m_count; ++i) {
    UnitImage unit;
    unit.name = text(units->m_ip_data[i].m_name);
    const std::string kernel = unit.name.substr(0, unit.name.find(':'));
    if (library) unit.model = reinterpret_cast<Model*>(dlsym(library, kernel.c_str()));
    for (int c = 0; c < wiring->m_count; ++c) {
      const connection& wire = wiring->m_connection[c];
      if (wire.m_ip_layout_index == i)
        unit.wiring.emplace(static_cast<unsigned>(wire.arg_index), wire.mem_data_index);
    }
    image.units.push_back(std::move(unit));
  }
  return 0;
}

}  // namespace xrt_model
