#include "tests/drivers/xrt/xclbin_writer.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <iomanip>
#include <sstream>
#include <utility>

namespace xrt_model {
namespace {

// Units lie one behind another in the card's map of registers.
constexpr std::uint64_t unit_range = 0x10000;

std::string hex(std::uint64_t value) {
  std::ostringstream out;
  out << "0x" << std::hex << value;
  return out.str();
}

template <class T>
void append(std::string& to, const T& value) {
  to.append(reinterpret_cast<const char*>(&value), sizeof value);
}

template <std::size_t size, class Char>
void name_into(Char (&field)[size], const std::string& name) {
  std::memcpy(field, name.data(), std::min(name.size(), size - 1));
}

// A section that is a count, as wide as the first of its records' is aligned, and then records.
template <class Record>
std::string counted(const std::vector<Record>& records, std::size_t first_at) {
  std::string section;
  append(section, static_cast<std::int32_t>(records.size()));
  section.resize(first_at);
  for (const Record& record : records) append(section, record);
  return section;
}

std::string topology_of(const ImageSpec& image) {
  std::vector<mem_data> banks;
  for (const BankSpec& spec : image.banks) {
    mem_data bank{};
    bank.m_type = static_cast<std::uint8_t>(spec.type);
    bank.m_used = 1;
    bank.m_size = spec.bytes / 1024;
    bank.m_base_address = spec.base;
    name_into(bank.m_tag, spec.tag);
    banks.push_back(bank);
  }
  return counted(banks, offsetof(mem_topology, m_mem_data));
}

std::string layout_of(const ImageSpec& image) {
  std::vector<ip_data> units;
  for (const KernelSpec& kernel : image.kernels) {
    for (const UnitSpec& spec : kernel.units) {
      ip_data unit{};
      unit.m_type = IP_KERNEL;
      unit.properties = static_cast<std::uint32_t>(kernel.control) << IP_CONTROL_SHIFT;
      unit.m_base_address = unit_range * (units.size() + 1);
      name_into(unit.m_name, kernel.name + ":" + spec.name);
      units.push_back(unit);
    }
  }
  return counted(units, offsetof(ip_layout, m_ip_data));
}

std::string wiring_of(const ImageSpec& image) {
  std::vector<connection> wires;
  std::int32_t unit = 0;
  for (const KernelSpec& kernel : image.kernels) {
    for (const UnitSpec& spec : kernel.units) {
      for (std::size_t argument = 0; argument < spec.banks.size(); ++argument)
        for (const int bank : spec.banks[argument])
          wires.push_back({static_cast<std::int32_t>(argument), unit, bank});
      ++unit;
    }
  }
  return counted(wires, offsetof(connectivity, m_connection));
}

std::string clocks_of(const ImageSpec& image) {
  clock_freq clock{};
  clock.m_freq_Mhz = static_cast<std::uint16_t>(image.megahertz);
  clock.m_type = CT_DATA;
  name_into(clock.m_name, "DATA_CLK");
  std::string section;
  append(section, std::int16_t{1});
  append(section, clock);
  return section;
}

void describe_kernel(std::ostream& out, const KernelSpec& kernel, std::uint64_t first_address) {
  out << "<kernel name=\"" << kernel.name << "\" language=\"c\" vlnv=\"model:" << kernel.name
      << "\">\n<port name=\"M_AXI_GMEM\" mode=\"master\" range=\"0xFFFFFFFFFFFFFFFF\""
         " dataWidth=\"64\" portType=\"addressable\" base=\"0x0\"/>\n"
         "<port name=\"S_AXI_CONTROL\" mode=\"slave\" range=\""
      << hex(unit_range) << "\" dataWidth=\"32\" portType=\"addressable\" base=\"0x0\"/>\n";
  for (std::size_t i = 0; i < kernel.arguments.size(); ++i) {
    const ArgumentSpec& argument = kernel.arguments[i];
    out << "<arg name=\"" << argument.name << "\" addressQualifier=\"" << int{argument.pointer}
        << "\" id=\"" << i << "\" port=\"" << (argument.pointer ? "M_AXI_GMEM" : "S_AXI_CONTROL")
        << "\" size=\"" << hex(argument.bytes) << "\" offset=\""
        << hex(argument.offset != 0 ? argument.offset : 16 * i + 16)
        << "\" hostOffset=\"0x0\" hostSize=\"" << hex(argument.bytes) << "\" type=\""
        << argument.type << "\"/>\n";
  }
  for (std::size_t i = 0; i < kernel.units.size(); ++i)
    out << "<instance name=\"" << kernel.units[i].name << "\"><addrRemap base=\""
        << hex(first_address + i * unit_range) << "\" port=\"S_AXI_CONTROL\"/></instance>\n";
  out << "</kernel>\n";
}

std::string metadata_of(const ImageSpec& image) {
  std::ostringstream out;
  out << "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<project name=\"troika\">\n"
         "<platform vendor=\"model\" boardid=\"model\" name=\"model\" featureRomTime=\"0\">\n"
         "<device name=\"fpga0\">\n<core name=\"OCL_REGION_0\" target=\"bitstream\""
         " type=\"clc_region\" clockFreq=\""
      << image.megahertz << "MHz\" numComputeUnits=\"60\">\n";
  std::uint64_t address = unit_range;
  for (const KernelSpec& kernel : image.kernels) {
    describe_kernel(out, kernel, address);
    address += kernel.units.size() * unit_range;
  }
  out << "</core>\n</device>\n</platform>\n</project>\n";
  return out.str();
}

// FNV-1a twice, from two beginnings.
void identify(unsigned char (&uuid)[16], const std::string& bytes) {
  std::uint64_t hash[2] = {0xcbf29ce484222325, 0x84222325cbf29ce4};
  for (std::uint64_t& part : hash)
    for (const char byte : bytes) part = (part ^ static_cast<unsigned char>(byte)) * 0x100000001b3;
  std::memcpy(uuid, hash, sizeof hash);
}

constexpr std::size_t section_alignment = 8;

void align(std::string& file) {
  file.resize((file.size() + section_alignment - 1) / section_alignment * section_alignment);
}

}  // namespace

std::string write_xclbin(const ImageSpec& image) {
  const std::string topology = topology_of(image), wiring = wiring_of(image);
  std::string bits = image.bits;
  bits.resize(std::max<std::size_t>(bits.size() + 1, 64));
  const std::vector<std::pair<axlf_section_kind, std::string>> sections{
      {BITSTREAM, bits},
      {EMBEDDED_METADATA, metadata_of(image)},
      {IP_LAYOUT, layout_of(image)},
      {MEM_TOPOLOGY, topology},
      {CONNECTIVITY, wiring},
      {ASK_GROUP_TOPOLOGY, topology},
      {ASK_GROUP_CONNECTIVITY, wiring},
      {CLOCK_FREQ_TOPOLOGY, clocks_of(image)}};

  axlf head{};
  std::memcpy(head.m_magic, "xclbin2", 8);
  head.m_signature_length = -1;
  std::memset(head.reserved, 0xff, sizeof head.reserved);
  std::memset(head.m_keyBlock, 0xff, sizeof head.m_keyBlock);
  head.m_header.m_versionMajor = 2;
  head.m_header.m_mode = XCLBIN_PR;
  head.m_header.m_numSections = static_cast<std::uint32_t>(sections.size());
  name_into(head.m_header.m_platformVBNV, "model_troika_model_1");

  std::string body;
  std::vector<axlf_section_header> headers;
  const std::size_t body_at =
      (offsetof(axlf, m_sections) + sections.size() * sizeof(axlf_section_header) +
       section_alignment - 1) /
      section_alignment * section_alignment;
  for (const auto& [kind, bytes] : sections) {
    align(body);
    axlf_section_header header{};
    header.m_sectionKind = kind;
    header.m_sectionOffset = body_at + body.size();
    header.m_sectionSize = bytes.size();
    headers.push_back(header);
    body += bytes;
  }
  identify(head.m_header.uuid, body);
  head.m_header.m_length = body_at + body.size();

  std::string file(reinterpret_cast<const char*>(&head), offsetof(axlf, m_sections));
  for (const axlf_section_header& header : headers) append(file, header);
  align(file);
  return file + body;
}

}  // namespace xrt_model
