// Numbers of a running program, by name, as a monitoring system takes them.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace troika {

struct Metric {
  enum class Kind : std::uint8_t {
    counter,  // only ever grows; its name ends in _total
    gauge
  };
  struct Sample {
    std::vector<std::pair<std::string, std::string>> labels;  // name, any text
    std::uint64_t value = 0;
  };

  std::string name;  // [a-zA-Z_:][a-zA-Z0-9_:]*, its unit in it
  std::string help;
  Kind kind = Kind::counter;
  std::vector<Sample> samples;
};

// The text that a Prometheus server scrapes: version 0.0.4 of its exposition format.
void write_prometheus(std::span<const Metric> metrics, std::ostream& out);

}  // namespace troika
