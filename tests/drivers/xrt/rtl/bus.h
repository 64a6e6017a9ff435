// The two buses of a compute unit in Verilog, driven from its clock: registers on AXI4-Lite, memory
// on AXI4. `Unit` is a class that verilator made, with the ports of rtl_mix.v.
#pragma once

#include <cstdint>
#include <string>

#include "tests/drivers/xrt/model.h"

namespace xrt_model {

template <class Unit>
class Bus {
 public:
  // Clock cycles that a register, or the end, is waited for.
  static constexpr std::uint64_t cycles_max = std::uint64_t{1} << 32U;

  Bus(Unit& unit, Call& call) noexcept : unit_{unit}, call_{call} {
    unit_.rst_n = 0;
    tick();
    unit_.rst_n = 1;
    cycles_ = 0;
  }

  void write_register(std::uint8_t address, std::uint32_t value) {
    unit_.s_awaddr = address;
    unit_.s_wdata = value;
    unit_.s_awvalid = unit_.s_wvalid = 1;
    tick();
    unit_.s_awvalid = unit_.s_wvalid = 0;
    unit_.s_bready = 1;
    while (unit_.s_bvalid) tick();
  }

  std::uint32_t read_register(std::uint8_t address) {
    unit_.s_araddr = address;
    unit_.s_arvalid = 1;
    tick();
    unit_.s_arvalid = 0;
    const std::uint32_t value = unit_.s_rdata;
    unit_.s_rready = 1;
    while (unit_.s_rvalid) tick();
    return value;
  }

  // Since the reset.
  std::uint64_t cycles() const noexcept { return cycles_; }

 private:
  // What memory answers is seen by the unit at this edge; what the unit asks for, by memory before
  // it.
  void tick() {
    if (cycles_ == cycles_max) throw UnitError{"the unit does not end"};
    serve_memory();
    unit_.clk = 0;
    unit_.eval();
    unit_.clk = 1;
    unit_.eval();
    ++cycles_;
  }

  // One burst at a time is answered, each beat at once: latency is what the unit itself adds.
  void serve_memory() {
    unit_.eval();
    unit_.m_arready = unit_.m_awready = unit_.m_wready = 1;
    if (unit_.m_bready) unit_.m_bvalid = 1;
    else unit_.m_bvalid = 0;
    if (unit_.m_arvalid) read_at_ = unit_.m_araddr;
    unit_.m_rvalid = unit_.m_rready;
    if (unit_.m_rready) {
      std::memcpy(&unit_.m_rdata, call_.memory(0, read_at_, word_bytes), word_bytes);
      read_at_ += word_bytes;
    }
    if (unit_.m_awvalid) write_at_ = unit_.m_awaddr;
    if (unit_.m_wvalid) {
      std::memcpy(call_.memory(0, write_at_, word_bytes), &unit_.m_wdata, word_bytes);
      write_at_ += word_bytes;
    }
    unit_.eval();
  }

  static constexpr std::size_t word_bytes = 4;

  Unit& unit_;
  Call& call_;
  std::uint64_t cycles_ = 0;
  std::uint64_t read_at_ = 0, write_at_ = 0;
};

}  // namespace xrt_model
