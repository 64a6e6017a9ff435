// What this build of Troika finds on this machine, and what it does not, with the reason.
#include <iostream>
#include <memory>
#include <string>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "bench/bench.h"
#include "runtime/troika.h"

namespace troika::bench {
namespace {

void list(const std::string& backends) {
  RuntimeOptions options;
  options.backends = backends;
  const Runtime rt{options};
  for (const auto& device : rt.devices()) {
    const DeviceInfo& info = device->info();
    std::cout << info.name << "  " << name_of(info.kind)
              << (info.space == host_space ? ", in the host's memory" : ", memory of its own")
              << ", " << (info.memory_bytes >> 20) << " MiB\n";
  }
  for (const Missing& missing : rt.missing())
    std::cout << "missing " << missing.what << ": " << missing.why.to_string() << '\n';
}

}  // namespace

void add_devices(CLI::App& program) {
  auto* const command = program.add_subcommand("devices", "The devices, and what is missing, why.");
  const auto backends = std::make_shared<std::string>();
  command->add_option("--backends", *backends, "<backend>.key=value,…: docs/contracts.md");
  command->callback([backends] { list(*backends); });
}

}  // namespace troika::bench
