// The circuit of the kernel rtl_mix: Verilog that verilator has made a class of.
#include <atomic>

#include "Vrtl_mix.h"
#include "tests/drivers/xrt/rtl/bus.h"

namespace {

std::atomic<std::uint64_t> cycles_of_last_run{0};

constexpr std::uint32_t done = 2;

}  // namespace

extern "C" {

void rtl_mix(xrt_model::Call& call) {
  VerilatedContext context;
  Vrtl_mix unit{&context};
  xrt_model::Bus bus{unit, call};
  for (const unsigned offset : {0x10U, 0x14U, 0x20U, 0x24U, 0x30U, 0x40U, 0x50U})
    bus.write_register(static_cast<std::uint8_t>(offset), call.word(offset));
  const std::uint64_t begin = bus.cycles();
  bus.write_register(0, 1);
  while ((bus.read_register(0) & done) == 0 && !call.is_reset()) {
  }
  cycles_of_last_run = bus.cycles() - begin;
}

// From the start to the end that the host saw, its own reads included.
std::uint64_t rtl_cycles() { return cycles_of_last_run; }
}
