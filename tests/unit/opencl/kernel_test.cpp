#include <fstream>
#include <thread>

#include "runtime/device/program_cache.h"
#include "tests/unit/opencl/fixture.h"

namespace troika {
namespace {

using testing::HasSubstr;

class OpenClKernel : public OpenClTest {
 protected:
  static KernelImage writes(const std::string& value) {
    return image("put", {buffer_param(Type::i32, Access::write)},
                 "__kernel void put(__global int* p, ulong o) {\n"
                 "  ((__global int*)((__global uchar*)p + o))[get_global_id(0)] = " +
                     value +
                     ";\n"
                     "}\n");
  }
  int run(const KernelImage& what) {
    const auto kernel = load(what);
    const auto out = allocate(4);
    auto queue = create_queue();
    const KernelArg args[] = {buffer_arg(*out)};
    finish(*queue, *queue->launch({kernel.get(), args, {}, nullptr}));
    const auto back = queue->hand_over({{out.get(), 0, 4}, Towards::host, false});
    finish(*queue, *back);
    return *as<int>(*out);
  }
  std::vector<std::filesystem::path> cached() const {
    std::vector<std::filesystem::path> files;
    if (!std::filesystem::exists(cache_folder / "opencl")) return files;
    for (const auto& entry : std::filesystem::directory_iterator{cache_folder / "opencl"})
      files.push_back(entry.path());
    return files;
  }
};

TEST_F(OpenClKernel, that_does_not_build_fails_with_its_name_and_the_log) {
  const auto loaded =
      device->load(image("blur", {}, "__kernel void blur() {\n  int x = no_such_thing;\n}\n"));
  ASSERT_EQ(loaded.status().code(), Code::kernel_failed);
  const std::string said = loaded.status().to_string();
  EXPECT_THAT(said, HasSubstr("blur on " + device->info().name));
  EXPECT_THAT(said, HasSubstr("CL_BUILD_PROGRAM_FAILURE"));
  EXPECT_THAT(said, HasSubstr("no_such_thing"));
  EXPECT_THAT(said, HasSubstr(":2:"));  // the source's own line number
}

TEST_F(OpenClKernel, without_its_entry_fails_with_the_entrys_name) {
  KernelImage wrong = writes("1");
  wrong.entry = "get";
  const auto loaded = device->load(wrong);
  EXPECT_EQ(loaded.status().code(), Code::kernel_failed);
  EXPECT_THAT(loaded.status().to_string(), HasSubstr("`get`"));
}

TEST_F(OpenClKernel, whose_function_takes_no_offsets_fails_with_both_counts) {
  const auto loaded = device->load(image("bare", {buffer_param(Type::i32, Access::write)},
                                         "__kernel void bare(__global int* p) { *p = 1; }"));
  EXPECT_EQ(loaded.status().code(), Code::kernel_failed);
  EXPECT_THAT(loaded.status().to_string(), HasSubstr("takes 1 arguments, its parameters need 2"));
}

TEST_F(OpenClKernel, of_another_dialect_is_unsupported) {
  KernelImage ptx = writes("1");
  ptx.dialect = Dialect::ptx;
  EXPECT_EQ(device->load(ptx).status().to_string(),
            "unsupported: " + device->info().name + " takes opencl-c, not ptx");
}

TEST_F(OpenClKernel, is_taken_from_the_program_cache_the_second_time) {
  EXPECT_EQ(run(writes("11")), 11);
  const auto first = cached();
  ASSERT_EQ(first.size(), 1U);
  const auto entry = ProgramCache::read(first[0]);
  ASSERT_TRUE(entry);
  EXPECT_EQ(run(writes("22")), 22);
  ASSERT_EQ(cached().size(), 2U);
  const ProgramCache cache{cache_folder / "opencl"};
  std::string other;
  for (const auto& file : cached())
    if (file != first[0]) other = ProgramCache::read(file)->program;
  // The program of one source under the other's key: only a cache that is read can run it.
  ASSERT_TRUE(cache.store(entry->key, other).ok());
  EXPECT_EQ(run(writes("11")), 22);
}

TEST_F(OpenClKernel, is_compiled_anew_when_its_cached_program_is_no_program) {
  EXPECT_EQ(run(writes("33")), 33);
  ASSERT_EQ(cached().size(), 1U);
  const auto entry = ProgramCache::read(cached()[0]);
  ASSERT_TRUE(ProgramCache{cache_folder / "opencl"}.store(entry->key, "not a program").ok());
  EXPECT_EQ(run(writes("33")), 33);
}

TEST_F(OpenClKernel, builds_where_the_cache_cannot_be_written_and_the_device_list_says_why) {
  device = nullptr;
  opened = {};
  setenv("TROIKA_CACHE_DIR", "/dev/null/cache", 1);
  auto found = open_opencl(clock(), "memory=host_pointer");
  ASSERT_TRUE(found.ok()) << found.status().to_string();
  opened = *std::move(found);
  device = chosen();
  EXPECT_EQ(run(writes("44")), 44);
  const auto warned = std::find_if(opened.missing.begin(), opened.missing.end(),
                                   [](const auto& m) { return m.what == "opencl: program cache"; });
  ASSERT_NE(warned, opened.missing.end());
  EXPECT_EQ(warned->why.to_string(),
            "unavailable: program cache: cannot make /dev/null/cache/opencl: Not a directory; "
            "kernels are compiled anew in every process");
}

TEST_F(OpenClKernel, computes_the_hosts_floating_point_bits) {
  const auto kernel = load(
      image("blend", {buffer_param(Type::f32, Access::update), scalar_param(Type::f32)},
            "__kernel void blend(__global float* x, ulong o, float k) {\n"
            "  __global float* v = (__global float*)((__global uchar*)x + o) + get_global_id(0);\n"
            "  float a = *v;\n"
            "  for (int i = 0; i < 16; ++i) a = sqrt(a * k + 1.25f) / (a * a + k);\n"
            "  *v = a;\n"
            "}\n"));
  constexpr std::size_t count = 4096;
  const auto x = allocate(count * sizeof(float));
  std::vector<float> expected(count);
  for (std::size_t i = 0; i < count; ++i) {
    as<float>(*x)[i] = 0.001F + static_cast<float>(i) * 0.37F;
    // volatile: no host compiler may contract or reorder either.
    volatile float a = as<float>(*x)[i];
    for (int n = 0; n < 16; ++n) {
      const volatile float product = a * 1.7F, square = a * a;
      const volatile float sum = product + 1.25F, below = square + 1.7F;
      a = std::sqrt(sum) / below;
    }
    expected[i] = a;
  }
  auto queue = create_queue();
  const KernelArg args[] = {buffer_arg(*x), scalar_arg(1.7F)};
  finish(*queue, *queue->launch({kernel.get(), args, {{count, 1, 1}, {}}, nullptr}));
  finish(*queue, *queue->hand_over({{x.get(), 0, x->bytes()}, Towards::host, false}));
  EXPECT_EQ(std::memcmp(expected.data(), x->host(), x->bytes()), 0);
}

TEST_F(OpenClKernel, builds_while_operations_go_on) {
  const auto quick = load(writes("66"));
  const auto out = allocate(4);
  auto queue = create_queue();
  const KernelArg args[] = {buffer_arg(*out)};
  // New to every cache, so that it takes the compiler's time.
  const std::string fresh =
      std::to_string(std::chrono::steady_clock::now().time_since_epoch().count());
  std::atomic<bool> built{false};
  std::thread builder{[&] {
    EXPECT_TRUE(device->load(writes("(int)(" + fresh + "L % 1000)")).ok());
    built.store(true);
  }};
  std::size_t ended_meanwhile = 0;
  while (!built.load()) {
    finish(*queue, *queue->launch({quick.get(), args, {}, nullptr}));
    if (!built.load()) ++ended_meanwhile;
  }
  builder.join();
  EXPECT_GE(ended_meanwhile, 1U);
}

}  // namespace
}  // namespace troika
