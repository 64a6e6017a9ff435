// Machines that come with Troika, so that a simulation needs no file.
#pragma once

#include <span>
#include <string_view>

#include "backends/sim/machine.h"

namespace troika::sim {

// laptop: six cores and a GPU in the same memory. workstation: sixteen cores, a GPU and an FPGA.
// server8: sixty-four cores and eight GPUs, two to a host link, all of them peers.
// Nobody's machine: peaks are round figures of the kind that data sheets give, times follow from
// them by tile_kernels(), links are those of PCI Express. Kernels are priced at several tiles.
// Code::not_found lists the names.
Result<Machine> bundled_machine(std::string_view name);
std::span<const std::string_view> bundled_machine_names() noexcept;

}  // namespace troika::sim
