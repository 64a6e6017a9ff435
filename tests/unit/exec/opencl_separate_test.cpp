// The whole runtime with an OpenCL device whose memory is not the host's: what it computes, and
// which bytes it moves for that.
#include <array>

#include "tests/unit/exec/rig.h"

namespace troika {
namespace {

constexpr std::size_t width = 52, height = 37, elements = width * height;

// Each element of `out` from its five neighbours in `in`, which begins a row and a column earlier.
constexpr Kernel<void(Read<int>, Write<int>, int)> star{"star"};
constexpr const char* star_source = R"(
__kernel void star(__global const uchar* in, ulong in_at, __global uchar* out, ulong out_at,
                   int pitch) {
  const int x = get_global_id(0), y = get_global_id(1);
  __global const uint* at = (__global const uint*)(in + in_at) + (y + 1) * pitch + x + 1;
  ((__global uint*)(out + out_at))[y * pitch + x] =
      at[0] * 3u + at[-1] * 5u + at[1] * 7u + at[-pitch] * 11u + at[pitch] * 13u + 1u;
})";

struct Rectangle {
  std::size_t x, y, cols, rows;

  Rectangle with_halo() const { return {x - 1, y - 1, cols + 2, rows + 2}; }
  View<int> of(const Buffer<int>& picture) const {
    return picture.tile(y * width + x, cols, rows, width);
  }
  template <class Visit>
  void for_each(Visit&& visit) const {
    for (std::size_t r = y; r < y + rows; ++r)
      for (std::size_t c = x; c < x + cols; ++c) visit(r * width + c);
  }
};
constexpr Rectangle everything{0, 0, width, height};

enum Where : std::size_t { host, device };

// What a picture holds, where each element of it is up to date, and how many had to move.
class Picture {
 public:
  explicit Picture(std::size_t& moved) : moved_{moved} {}

  void write(Where where, const Rectangle& what,
             const std::function<unsigned(std::size_t)>& value) {
    what.for_each([&](std::size_t i) {
      values_[i] = value(i);
      valid_[where][i] = true;
      valid_[1 - where][i] = false;
    });
  }
  void read(Where where, const Rectangle& what) {
    what.for_each([&](std::size_t i) {
      moved_ += valid_[where][i] ? 0 : 1;
      valid_[where][i] = true;
    });
  }
  unsigned operator[](std::size_t i) const { return values_[i]; }

 private:
  std::size_t& moved_;
  std::vector<unsigned> values_ = std::vector<unsigned>(elements);
  std::array<std::vector<bool>, 2> valid_{std::vector<bool>(elements), std::vector<bool>(elements)};
};

class WithSeparateOpenCl : public testing::Test {
 protected:
  using Run = troika::Run;  // not GoogleTest's

  WithSeparateOpenCl() : from{moved}, across{moved}, down{moved}, to{moved} {}

  void SetUp() override {
    RuntimeOptions options;
    options.workers = 2;
    options.backends = "opencl.memory=separate";
    runtime.emplace(options);
    for (const auto& each : runtime->devices())
      if (each->info().backend == "opencl" && opencl.empty()) {
        opencl = each->info().name;
        EXPECT_NE(each->info().space, host_space);
      }
    std::string why;
    for (const Missing& missing : runtime->missing())
      why += "; " + missing.what + ": " + missing.why.to_string();
    if (opencl.empty())
      GTEST_SKIP() << "unavailable: no OpenCL device (on Debian: pocl-opencl-icd)" << why;
    define_kernels(*runtime);
    throw_if_failed(define(star)
                        .host([](HostView<const int> in, HostView<int> out, int) {
                          for (std::size_t y = 0; y < out.rows(); ++y)
                            for (std::size_t x = 0; x < out.cols(); ++x) {
                              const auto at = [&](std::size_t r, std::size_t c) {
                                return static_cast<unsigned>(in.row(y + r)[x + c]);
                              };
                              out.row(y)[x] =
                                  static_cast<int>(at(1, 1) * 3 + at(1, 0) * 5 + at(1, 2) * 7 +
                                                   at(0, 1) * 11 + at(2, 1) * 13 + 1);
                            }
                        })
                        .opencl_c(star_source)
                        .into(runtime->kernels()));
    std::iota(memory.begin(), memory.end(), 1);
    from.write(host, everything, [](std::size_t i) { return static_cast<unsigned>(i + 1); });
  }

  // Tiles on the device, bands with halos on the host, and other tiles on the device. `pinned`: the
  // model knows where each task runs.
  Graph graph(const std::array<Buffer<int>, 4>& pictures, bool pinned) {
    Graph made;
    const auto run_on = [&](TaskRef task, Where where) {
      if (pinned) task.only_on(where == host ? "host" : opencl);
    };
    for (std::size_t i = 1; i < 4; ++i)
      run_on(made.add(fill, pictures[i], static_cast<int>(i)), host);
    const auto add = [&](std::size_t source, const Rectangle& out, Where where) {
      run_on(made.add(star, out.with_halo().of(pictures[source]), out.of(pictures[source + 1]),
                      static_cast<int>(width)),
             where);
      steps.push_back({source, out, where});
    };
    for (const Rectangle& tile : {Rectangle{1, 1, 20, 15}, {21, 1, 30, 15}, {1, 16, 20, 20}})
      add(0, tile, device);
    add(0, {21, 16, 30, 20}, host);
    for (std::size_t y = 2; y < 34; y += 8) add(1, {2, y, 48, 8}, host);
    for (const Rectangle& tile : {Rectangle{3, 3, 7, 11}, {13, 5, 21, 29}}) add(2, tile, device);
    return made;
  }
  // The same, element by element.
  void model() {
    const std::array<Picture*, 4> pictures{&from, &across, &down, &to};
    for (std::size_t i = 1; i < 4; ++i)
      pictures[i]->write(host, everything, [&](std::size_t) { return static_cast<unsigned>(i); });
    for (const auto& [source, out, where] : steps) {
      const Picture& in = *pictures[source];
      pictures[source]->read(where, out.with_halo());
      pictures[source + 1]->write(where, out, [&](std::size_t i) {
        return in[i] * 3 + in[i - 1] * 5 + in[i + 1] * 7 + in[i - width] * 11 + in[i + width] * 13 +
               1;
      });
    }
  }
  void expect_result(const Buffer<int>& result) {
    const std::span<const int> found = result.read();
    to.read(host, everything);
    for (std::size_t i = 0; i < elements; ++i)
      ASSERT_EQ(static_cast<unsigned>(found[i]), to[i]) << "at " << i % width << ", " << i / width;
  }

  struct Step {
    std::size_t source;
    Rectangle out;
    Where where;
  };

  std::string opencl;
  std::vector<int> memory = std::vector<int>(elements);
  std::optional<Runtime> runtime;
  std::vector<Step> steps;
  std::size_t moved = 0;  // elements
  Picture from, across, down, to;
};

TEST_F(WithSeparateOpenCl, tiles_with_halos_are_exact_and_no_byte_moves_that_need_not) {
  const std::array<Buffer<int>, 4> pictures{
      runtime->adopt(std::span{memory}), runtime->buffer<int>(elements),
      runtime->buffer<int>(elements), runtime->buffer<int>(elements)};
  const Plan plan = runtime->compile(graph(pictures, true));
  std::size_t first = 0;
  for (int turn = 0; turn < 2; ++turn) {
    runtime->run(plan).wait();
    model();
    expect_result(pictures[3]);
    EXPECT_EQ(runtime->counters().bytes_copied, moved * sizeof(int)) << "turn " << turn;
    if (turn == 0) first = moved;
  }
  // The first picture was there already, and the others were written anew.
  EXPECT_GT(moved, first);
  EXPECT_LT(moved, 2 * first);
  EXPECT_EQ(runtime->counters().bytes_handed_over, 0U);
}

TEST_F(WithSeparateOpenCl, tiles_with_halos_are_exact_wherever_they_run) {
  const std::array<Buffer<int>, 4> pictures{
      runtime->adopt(std::span{memory}), runtime->buffer<int>(elements),
      runtime->buffer<int>(elements), runtime->buffer<int>(elements)};
  const Plan plan = runtime->compile(graph(pictures, false));
  model();
  for (int turn = 0; turn < 20; ++turn) {
    runtime->run(plan).wait();
    expect_result(pictures[3]);
  }
}

TEST_F(WithSeparateOpenCl, what_the_device_alone_needs_crosses_once) {
  const Buffer<int> a = runtime->adopt(std::span{memory});
  const Buffer<int> b = runtime->buffer<int>(elements), c = runtime->buffer<int>(elements);
  Graph made;
  for (int i = 0; i < 5; ++i) {
    const Rectangle inner{1, 1, width - 2, height - 2};
    made.add(star, everything.of(a), inner.of(b), static_cast<int>(width)).only_on(opencl);
    const Rectangle innermost{2, 2, width - 4, height - 4};
    made.add(star, inner.of(b), innermost.of(c), static_cast<int>(width)).only_on(opencl);
  }
  runtime->run(made).wait();
  EXPECT_EQ(runtime->counters().bytes_copied, elements * sizeof(int));
  EXPECT_EQ(runtime->counters().copies, 1U);
}

TEST_F(WithSeparateOpenCl, buffers_that_come_and_go_share_their_memory_on_the_device) {
  const Buffer<int> a = runtime->adopt(std::span{memory});
  constexpr int turns = 10;
  for (int turn = 0; turn < turns; ++turn) {
    const Buffer<int> b = runtime->buffer<int>(elements), c = runtime->buffer<int>(elements);
    Graph made;
    made.add(fill, b, turn).only_on("host");
    const Rectangle inner{1, 1, width - 2, height - 2};
    made.add(star, everything.of(a), inner.of(b), static_cast<int>(width)).only_on(opencl);
    made.add(copy, b, c).only_on("host");
    runtime->run(made).wait();
    const std::span<const int> found = c.read();
    EXPECT_EQ(found[0], turn);
    const auto at = [](std::size_t i) { return static_cast<unsigned>(i + 1); };
    const std::size_t i = 7 * width + 9;
    EXPECT_EQ(static_cast<unsigned>(found[i]), at(i) * 3 + at(i - 1) * 5 + at(i + 1) * 7 +
                                                   at(i - width) * 11 + at(i + width) * 13 + 1);
  }
  EXPECT_GE(runtime->counters().reuses, turns - 1U);
}

TEST(BackendOptions, of_no_backend_or_of_no_meaning_are_told_of) {
  RuntimeOptions options;
  options.workers = 1;
  options.backends = "opencl.memory=elsewhere,opengl.memory=separate";
  const Runtime runtime{options};
  std::string told;
  for (const Missing& missing : runtime.missing())
    told += missing.what + ": " + missing.why.to_string() + "\n";
  EXPECT_NE(told.find("opencl: invalid_argument: opencl: memory=elsewhere: it is"),
            std::string::npos)
      << told;
  EXPECT_NE(told.find("option opengl.memory=separate: invalid_argument: no backend has options of "
                      "that name"),
            std::string::npos)
      << told;
}

}  // namespace
}  // namespace troika
