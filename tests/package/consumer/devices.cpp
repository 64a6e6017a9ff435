// The devices that an installed Troika opens, what is missing, and which of its files are loaded.
// Arguments are names of further plug-ins to open.
#include <cstdio>
#include <fstream>
#include <string>

#include "runtime/device/plugin.h"
#include "runtime/troika.h"

namespace {

void print(const troika::Missing& missing) {
  std::printf("missing %s: %s\n", missing.what.c_str(), missing.why.to_string().c_str());
}

}  // namespace

int main(int argc, char** argv) {
  const troika::Runtime rt;
  for (const auto& device : rt.devices())
    std::printf("device %s (%s)\n", device->info().name.c_str(), device->info().backend.c_str());
  for (const troika::Missing& missing : rt.missing()) print(missing);
  for (int i = 1; i < argc; ++i)
    for (const troika::Missing& missing : troika::open_plugin(argv[i], {}).missing) print(missing);
  std::ifstream maps{"/proc/self/maps"};
  for (std::string line; std::getline(maps, line);)
    if (line.find("libtroika") != std::string::npos && line.find(" r-xp ") != std::string::npos)
      std::printf("loaded %s\n", line.substr(line.find('/')).c_str());
}
