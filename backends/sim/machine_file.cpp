#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <nlohmann/json.hpp>

#include "backends/sim/machine.h"

namespace troika::sim {
namespace {

using Json = nlohmann::json;

constexpr double bytes_per_megabyte = 1e6;

Nanos from_micros(double micros) { return Nanos{std::llround(micros * 1e3)}; }

Status malformed(const std::string& path, const std::string& why) {
  return {Code::invalid_argument, "machine file " + path + ": " + why};
}

Result<DeviceKind> kind_named(const std::string& name) {
  for (const DeviceKind kind : {DeviceKind::cpu, DeviceKind::gpu, DeviceKind::fpga})
    if (name == name_of(kind)) return kind;
  return Status{Code::invalid_argument, "no kind of device is called '" + name + "'"};
}

Status read_devices(const Json& file, Machine& machine) {
  for (const Json& entry : file.at("devices")) {
    MachineDevice device;
    device.name = entry.at("name").get<std::string>();
    TROIKA_ASSIGN(device.kind, kind_named(entry.at("kind").get<std::string>()));
    device.count = entry.value("count", 1u);
    device.space = entry.at("space").get<std::string>();
    device.memory_bytes = entry.value("memory_bytes", std::size_t{0});
    device.costs = entry.value("costs", device.name);
    device.launch_latency = from_micros(entry.value("launch_us", 0.0));
    device.is_host = device.kind == DeviceKind::cpu && device.space == "host";
    device.copy_queue = device.space != "host";
    machine.devices.push_back(std::move(device));
  }
  return {};
}

void read_links(const Json& file, Machine& machine) {
  for (const Json& entry : file.at("links")) {
    MachineLink link;
    link.from = entry.at("from").get<std::string>();
    link.to = entry.at("to").get<std::string>();
    link.bytes_per_second = entry.at("mb_per_s").get<double>() * bytes_per_megabyte;
    link.latency = from_micros(entry.at("latency_us").get<double>());
    link.shares = entry.value("shares", std::vector<std::string>{});
    machine.links.push_back(std::move(link));
  }
  for (const Json& entry : file.value("shared_links", Json::array()))
    machine.shared_links.push_back({entry.at("name").get<std::string>(),
                                    entry.at("mb_per_s").get<double>() * bytes_per_megabyte});
}

// Columns: platform, kernel, device, tile, bytes, mean_us, stddev_us.
Status read_costs(const std::string& path, const std::string& platform, Machine& machine) {
  std::ifstream file{path};
  if (!file) return {Code::not_found, "cannot read " + path};
  std::string line;
  std::getline(file, line);
  while (std::getline(file, line)) {
    std::vector<std::string> cells;
    std::istringstream row{line};
    for (std::string cell; std::getline(row, cell, ',');) cells.push_back(cell);
    if (cells.size() != 7) return malformed(path, "a row without seven columns: " + line);
    if (cells[0] != platform) continue;
    machine.costs.push_back({cells[1], cells[2], std::stoull(cells[4]),
                             from_micros(std::stod(cells[5])), from_micros(std::stod(cells[6])),
                             std::stoull(cells[3])});
  }
  return {};
}

}  // namespace

Result<Machine> read_machine(const std::string& path) {
  std::ifstream stream{path};
  if (!stream) return Status{Code::not_found, "cannot read " + path};
  // The parser and std::stod report by exceptions; they end here.
  try {
    const Json file = Json::parse(stream);
    Machine machine;
    machine.name = file.at("name").get<std::string>();
    TROIKA_TRY(read_devices(file, machine));
    read_links(file, machine);
    if (const auto costs = file.find("costs"); costs != file.end()) {
      const auto table =
          std::filesystem::path{path}.parent_path() / costs->at("file").get<std::string>();
      TROIKA_TRY(read_costs(table.string(), costs->at("platform").get<std::string>(), machine));
    }
    return machine;
  } catch (const Json::exception& error) {
    return malformed(path, error.what());
  } catch (const std::logic_error& error) {
    return malformed(path, std::string{"not a number: "} + error.what());
  }
}

}  // namespace troika::sim
