// Writes the images of the tests: make_xrt_images <folder> <library of models> [<of Verilog's>].
//   suite.xclbin  the conformance suite's kernels, two units each, on the first of two banks;
//   far_copy
//                 from the first bank to the second
//   other.xclbin  another kernel, on the second bank
//   host.xclbin   the suite's kernels on pages of the host's
//   rtl.xclbin    a kernel in Verilog, on the first bank
#include <cstdio>
#include <fstream>
#include <iostream>

#include "tests/drivers/xrt/xclbin_writer.h"

namespace {

using namespace xrt_model;

constexpr std::uint64_t bank_bytes = std::uint64_t{64} << 20U;

// Parameters in the suite's words: 'b' a buffer, which is a base and a byte offset, else the bytes
// of a scalar.
struct Signature {
  const char* name;
  const char* parameters;
};

constexpr Signature suite[] = {{"suite_add", "bb44"},     {"suite_mix", "b444"},
                               {"suite_index2d", "b444"}, {"suite_scalars", "b112244884"},
                               {"suite_fail", "b"},       {"suite_spin", "8"}};

KernelSpec kernel_of(const Signature& signature, unsigned units, const std::vector<int>& banks) {
  KernelSpec kernel;
  kernel.name = signature.name;
  std::vector<std::vector<int>> wiring;
  std::size_t buffers = 0;
  for (const char* parameter = signature.parameters; *parameter; ++parameter) {
    const std::string name = "a" + std::to_string(kernel.arguments.size());
    if (*parameter == 'b') {
      kernel.arguments.push_back({name, "void*", 8, true, 0});
      kernel.arguments.push_back({name + "_at", "ulong", 8, false, 0});
      wiring.push_back({banks[buffers++ % banks.size()]});
      wiring.emplace_back();
    } else {
      const auto bytes = static_cast<unsigned>(*parameter - '0');
      kernel.arguments.push_back({name, bytes == 8 ? "ulong" : "uint", bytes, false, 0});
      wiring.emplace_back();
    }
  }
  for (unsigned i = 1; i <= units; ++i)
    kernel.units.push_back({kernel.name + "_" + std::to_string(i), wiring});
  return kernel;
}

ImageSpec image_of(const std::vector<BankSpec>& banks, const char* library) {
  ImageSpec image;
  image.banks = banks;
  image.bits = library;
  return image;
}

int write(const std::string& path, const ImageSpec& image) {
  std::ofstream out{path, std::ios::binary};
  out << write_xclbin(image);
  out.close();
  if (out) return 0;
  std::cerr << "cannot write " << path << '\n';
  return 1;
}

}  // namespace

int main(int count, char** words) {
  if (count != 3 && count != 4) return 2;
  const std::string folder = std::string{words[1]} + "/";
  const std::vector<BankSpec> two_banks{{"DDR[0]", MEM_DDR4, 0x4000'0000, bank_bytes},
                                        {"DDR[1]", MEM_DDR4, 0x8000'0000, bank_bytes}};
  ImageSpec on_card = image_of(two_banks, words[2]);
  ImageSpec other = on_card;
  ImageSpec on_host = image_of({{"HOST[0]", MEM_HOST, 0x20'0000'0000, bank_bytes}}, words[2]);
  for (const Signature& signature : suite) {
    on_card.kernels.push_back(kernel_of(signature, 2, {0}));
    on_host.kernels.push_back(kernel_of(signature, 2, {0}));
  }
  on_card.kernels.push_back(kernel_of({"far_copy", "bb4"}, 1, {0, 1}));
  other.kernels.push_back(kernel_of({"other_double", "bb4"}, 1, {1, 1}));
  if (count == 4) {
    ImageSpec in_verilog = image_of(two_banks, words[3]);
    in_verilog.kernels.push_back(kernel_of({"rtl_mix", "b444"}, 1, {0}));
    if (write(folder + "rtl.xclbin", in_verilog) != 0) return 1;
  }
  return write(folder + "suite.xclbin", on_card) + write(folder + "other.xclbin", other) +
         write(folder + "host.xclbin", on_host);
}
