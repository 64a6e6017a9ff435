// x[i] = x[i] * a + b of n words: one compute unit, with registers behind AXI4-Lite and memory behind
// AXI4. Reads and writes bursts of at most 16 words, which never cross 64 bytes.
//   0x00  bit 0 start, cleared by it; bit 1 done, cleared by a read
//   0x10  address of x, 0x20 byte offset, 64 bits each
//   0x30  a, 0x40  b, 0x50  n
`default_nettype none

module rtl_mix (
    input  wire        clk,
    input  wire        rst_n,

    input  wire [7:0]  s_awaddr,
    input  wire        s_awvalid,
    output wire        s_awready,
    input  wire [31:0] s_wdata,
    input  wire        s_wvalid,
    output wire        s_wready,
    output reg         s_bvalid,
    input  wire        s_bready,
    input  wire [7:0]  s_araddr,
    input  wire        s_arvalid,
    output wire        s_arready,
    output reg  [31:0] s_rdata,
    output reg         s_rvalid,
    input  wire        s_rready,

    output wire [63:0] m_araddr,
    output wire [7:0]  m_arlen,
    output wire        m_arvalid,
    input  wire        m_arready,
    input  wire [31:0] m_rdata,
    input  wire        m_rvalid,
    output wire        m_rready,
    output wire [63:0] m_awaddr,
    output wire [7:0]  m_awlen,
    output wire        m_awvalid,
    input  wire        m_awready,
    output wire [31:0] m_wdata,
    output wire        m_wlast,
    output wire        m_wvalid,
    input  wire        m_wready,
    input  wire        m_bvalid,
    output wire        m_bready
);

  localparam [2:0] IDLE = 3'd0, ASK = 3'd1, READ = 3'd2, TELL = 3'd3, WRITE = 3'd4, ANSWER = 3'd5;

  reg [2:0]  state;
  reg        start, done;
  reg [63:0] base, offset, address;
  reg [31:0] a, b, n, left;
  reg [31:0] words [0:15];
  reg [3:0]  beat;

  // Registers. An address and its data are taken together.
  wire written = s_awvalid && s_wvalid && !s_bvalid;
  wire asked   = s_arvalid && !s_rvalid;
  assign s_awready = written;
  assign s_wready  = written;
  assign s_arready = asked;

  // Words to the next 64 bytes, or to the end.
  wire [4:0] to_line = 5'd16 - {1'b0, address[5:2]};
  wire [4:0] burst   = left < {27'd0, to_line} ? left[4:0] : to_line;
  wire [3:0] last    = burst[3:0] - 4'd1;

  assign m_araddr  = address;
  assign m_arlen   = {4'd0, last};
  assign m_arvalid = state == ASK;
  assign m_rready  = state == READ;
  assign m_awaddr  = address;
  assign m_awlen   = {4'd0, last};
  assign m_awvalid = state == TELL;
  assign m_wdata   = words[beat];
  assign m_wlast   = beat == last;
  assign m_wvalid  = state == WRITE;
  assign m_bready  = state == ANSWER;

  always @(posedge clk) begin
    if (!rst_n) begin
      {base, offset} <= 128'd0;
      {a, b, n} <= 96'd0;
      {start, done, s_bvalid, s_rvalid} <= 4'd0;
      s_rdata <= 32'd0;
    end else begin
      start <= written && s_awaddr == 8'h00 && s_wdata[0];
      if (written) begin
        case (s_awaddr)
          8'h10: base[31:0] <= s_wdata;
          8'h14: base[63:32] <= s_wdata;
          8'h20: offset[31:0] <= s_wdata;
          8'h24: offset[63:32] <= s_wdata;
          8'h30: a <= s_wdata;
          8'h40: b <= s_wdata;
          8'h50: n <= s_wdata;
          default: ;
        endcase
      end
      s_bvalid <= written || (s_bvalid && !s_bready);
      if (asked) s_rdata <= {30'd0, done, state != IDLE};
      s_rvalid <= asked || (s_rvalid && !s_rready);
      if (state == IDLE && start && n == 32'd0) done <= 1'b1;
      else if (state == ANSWER && m_bvalid && left == {27'd0, burst}) done <= 1'b1;
      else if (asked && s_araddr == 8'h00) done <= 1'b0;
    end
  end

  always @(posedge clk) begin
    if (!rst_n) begin
      state <= IDLE;
      address <= 64'd0;
      left <= 32'd0;
      beat <= 4'd0;
    end else begin
      case (state)
        IDLE:
        if (start && n != 32'd0) begin
          address <= base + offset;
          left <= n;
          beat <= 4'd0;
          state <= ASK;
        end
        ASK: if (m_arready) state <= READ;
        READ:
        if (m_rvalid) begin
          words[beat] <= m_rdata * a + b;
          beat <= beat == last ? 4'd0 : beat + 4'd1;
          if (beat == last) state <= TELL;
        end
        TELL: if (m_awready) state <= WRITE;
        WRITE:
        if (m_wready) begin
          beat <= beat == last ? 4'd0 : beat + 4'd1;
          if (beat == last) state <= ANSWER;
        end
        ANSWER:
        if (m_bvalid) begin
          address <= address + {57'd0, burst, 2'd0};
          left <= left - {27'd0, burst};
          state <= left == {27'd0, burst} ? IDLE : ASK;
        end
        default: state <= IDLE;
      endcase
    end
  end

endmodule

`default_nettype wire
