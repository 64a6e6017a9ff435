// What opening and leaving OpenCL devices does to a process: each test has one of its own, since
// drivers read their settings and start their threads once.
#include "backends/opencl/process.h"

#include <fstream>
#include <iterator>
#include <set>
#include <sstream>
#include <thread>

#include <dlfcn.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "tests/unit/opencl/fixture.h"

namespace troika {
namespace {

namespace fs = std::filesystem;

constexpr int unavailable = 77;

std::set<std::string> threads() {
  std::set<std::string> ids;
  for (const auto& task : fs::directory_iterator{"/proc/self/task"})
    ids.insert(task.path().filename());
  return ids;
}

bool blocks(const std::string& thread, int signal) {
  std::ifstream status{"/proc/self/task/" + thread + "/status"};
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("SigBlk:"))
      return (std::stoull(line.substr(7), nullptr, 16) >> (signal - 1) & 1U) != 0;
  return false;
}

// The devices and the threads that came with them.
struct Arrival {
  Opened opened;
  std::set<std::string> threads;
};

Arrival arrive(const std::string& options = "memory=host_pointer") {
  static ServiceThread environment;
  std::thread{[] {}}.join();  // the race detector has a thread of its own from the first one on
  const auto before = threads();
  auto found = open_opencl(environment, options);
  if (!found.ok()) {
    std::fputs(found.status().to_string().c_str(), stderr);
    std::_Exit(found.status().code() == Code::unavailable ? unavailable : 1);
  }
  Arrival arrival;
  arrival.opened = *std::move(found);
  for (const auto& thread : threads())
    if (!before.contains(thread)) arrival.threads.insert(thread);
  return arrival;
}

class OpenClProcess : public testing::Test {
 protected:
  void SetUp() override {
    // As no user and no other test has set them.
    for (const char* const setting :
         {"POCL_MAX_PTHREAD_COUNT", "POCL_CPU_MAX_CU_COUNT", "POCL_SIGFPE_HANDLER"})
      unsetenv(setting);
    for (const char* const cache : {"TROIKA_CACHE_DIR", "POCL_CACHE_DIR"})
      setenv(cache, TROIKA_TEST_CACHE, 1);
    fs::create_directories(TROIKA_TEST_CACHE);
  }
  // `body` returns what is wrong, or nothing.
  static void prove(std::string (*body)()) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");  // a program of its own, not a fork
    int left = 0;
    const auto ended = [&](int status) {
      left = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
      return left == 0 || left == unavailable;
    };
    EXPECT_EXIT(
        {
          prctl(PR_SET_PDEATHSIG, SIGKILL);  // what hangs ends with the test
          const std::string wrong = body();
          std::fputs(wrong.c_str(), stderr);
          std::exit(wrong.empty() ? 0 : 1);
        },
        ended, "");
    if (left == unavailable) GTEST_SKIP() << "unavailable: no OpenCL device";
  }
};

TEST_F(OpenClProcess, keeps_its_handlers_and_gets_no_thread_that_takes_its_signals) {
  prove([]() -> std::string {
    struct sigaction before {
    }, after{};
    sigaction(SIGFPE, nullptr, &before);
    const Arrival arrival = arrive();
    sigaction(SIGFPE, nullptr, &after);
    if (before.sa_sigaction != after.sa_sigaction) return "a driver took SIGFPE";
    if (arrival.threads.empty()) return "no thread to look at";
    for (const auto& thread : arrival.threads)
      if (!blocks(thread, SIGTERM)) return "a thread takes SIGTERM";
    return {};
  });
}

TEST_F(OpenClProcess, bound_to_one_core_gets_one_thread_of_a_driver_and_one_of_ours) {
  prove([]() -> std::string {
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(opencl::allowed_cores().front(), &one);
    sched_setaffinity(0, sizeof one, &one);
    const Arrival arrival = arrive();
    const auto& devices = arrival.opened.devices;
    if (devices.size() != 1 || devices[0]->info().name != "pocl0") std::_Exit(unavailable);
    if (arrival.threads.size() <= 2) return {};
    return std::to_string(arrival.threads.size()) + " threads";
  });
}

TEST_F(OpenClProcess, with_a_driver_that_cannot_be_loaded_says_why_there_is_no_device) {
  prove([]() -> std::string {
    const fs::path file = fs::path{TROIKA_TEST_CACHE} / "absent.icd";
    std::ofstream{file} << "/nowhere/libabsent.so\n";
    setenv("OCL_ICD_VENDORS", file.c_str(), 1);
    ServiceThread environment;
    const auto found = open_opencl(environment);
    if (found.ok()) return "a device of no driver";
    const std::string why = found.status().to_string();
    for (const char* const part : {"absent.icd: unavailable: /nowhere/libabsent.so: cannot open",
                                   "no OpenCL driver is installed in "})
      if (why.find(part) == std::string::npos) return why;
    return {};
  });
}

// The vendor's driver for FPGA cards calls std::terminate there, when nobody asks first.
TEST_F(OpenClProcess, lives_on_with_a_driver_of_xrts_that_finds_no_xrt) {
  if (!dlopen("libxilinxopencl.so.2", RTLD_LAZY | RTLD_LOCAL))
    GTEST_SKIP() << "unavailable: " << dlerror();
  prove([]() -> std::string {
    setenv("OCL_ICD_VENDORS", "libxilinxopencl.so.2", 1);
    for (const char* const root : {"", "/nowhere"}) {
      setenv("XILINX_XRT", root, 1);
      ServiceThread environment;
      const auto found = open_opencl(environment);
      if (found.ok()) return "a device without XRT";
      const std::string why = found.status().to_string();
      if (why.find("libxilinxopencl.so.2, which ends the process unless XILINX_XRT") ==
          std::string::npos)
        return why;
    }
    return {};
  });
}

std::set<fs::path> programs_below(const fs::path& folder) {
  std::set<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator{folder})
    if (entry.path().extension() == ".so") files.insert(entry.path());
  return files;
}

TEST_F(OpenClProcess, has_nothing_left_to_compile_in_a_kernels_first_launch) {
  prove([]() -> std::string {
    // Empty, and written to by no other test.
    const fs::path cache = std::string{TROIKA_TEST_CACHE} + "_of_launches";
    fs::remove_all(cache);
    fs::create_directories(cache);
    for (const char* const folder : {"TROIKA_CACHE_DIR", "POCL_CACHE_DIR"})
      setenv(folder, cache.c_str(), 1);
    Arrival arrival = arrive();
    Device& device = *arrival.opened.devices.front();
    if (device.info().name != "pocl0") std::_Exit(unavailable);
    const auto kernel =
        std::move(*device.load(image("number", {buffer_param(Type::i32, Access::write)},
                                     "__kernel void number(__global int* p, ulong o) {\n"
                                     "  p[get_global_id(0)] = (int)get_global_id(0);\n"
                                     "}\n")));
    const std::set<fs::path> before = programs_below(cache);
    if (before.empty()) return "it compiles where nobody looks";
    const auto out = std::move(*device.memory().allocate({1024 * sizeof(int)}));
    Reports reports;
    auto queue = *device.create_queue(QueueId{0}, QueueUse::compute, 0, reports);
    const KernelArg args[] = {buffer_arg(*out)};
    for (const LaunchShape& shape :
         {LaunchShape{{1, 1, 1}, {}}, LaunchShape{{64, 1, 1}, {}}, LaunchShape{{96, 1, 1}, {}},
          LaunchShape{{1024, 1, 1}, {}}, LaunchShape{{64, 1, 1}, {16, 1, 1}}}) {
      if (!device.prepare(*kernel, shape).ok()) return "prepare";
      const auto last = queue->launch({kernel.get(), args, shape, nullptr});
      if (!queue->flush().ok()) return "flush";
      reports.wait(*last);
    }
    if (!reports.failures().empty()) return "a launch failed";
    return programs_below(cache) == before ? std::string{} : "a launch compiled";
  });
}

// User and system time in ticks.
long ticks_of(const std::string& thread) {
  std::ifstream file{"/proc/self/task/" + thread + "/stat"};
  std::string text;
  std::getline(file, text);
  std::istringstream rest{text.substr(text.rfind(')') + 2)};
  std::vector<std::string> fields{std::istream_iterator<std::string>{rest}, {}};
  return std::stol(fields.at(11)) + std::stol(fields.at(12));
}

TEST_F(OpenClProcess, gets_as_many_cores_for_a_device_as_it_is_told_and_leaves_the_others) {
  prove([]() -> std::string {
    if (opencl::allowed_cores().size() < 2) std::_Exit(unavailable);
    Arrival arrival = arrive("cores=1");
    Device& device = *arrival.opened.devices.front();
    if (device.info().name != "pocl0") std::_Exit(unavailable);
    if (device.info().cores.size() != 1) return "it names more cores than it was given";
    const KernelImage work = image("work", {buffer_param(Type::u32, Access::update)},
                                   "__kernel void work(__global uint* p, ulong o) {\n"
                                   "  uint x = get_global_id(0);\n"
                                   "  for (int i = 0; i < 1000000; ++i) x = x * 1664525u + 1u;\n"
                                   "  p[get_global_id(0)] = x;\n"
                                   "}\n");
    const auto words = std::move(*device.memory().allocate({512 * sizeof(int)}));
    const auto kernel = std::move(*device.load(work));
    Reports reports;
    auto queue = *device.create_queue(QueueId{0}, QueueUse::compute, 0, reports);
    const KernelArg args[] = {buffer_arg(*words)};
    const auto last = queue->launch({kernel.get(), args, {{512, 1, 1}, {8, 1, 1}}, nullptr});
    if (!queue->flush().ok()) return "flush";
    reports.wait(*last);
    long most = 0, all = 0;
    for (const std::string& thread : arrival.threads) {
      most = std::max(most, ticks_of(thread));
      all += ticks_of(thread);
    }
    if (most < 8) return "too little work to see who did it";
    return all - most <= most / 4 ? std::string{} : "several threads did it";
  });
}

TEST_F(OpenClProcess, passes_over_a_device_without_the_shared_virtual_memory_asked_for) {
  prove([]() -> std::string {
    const char* const oclgrind = "/usr/lib/oclgrind/liboclgrind-rt-icd.so";
    if (!fs::exists(oclgrind)) std::_Exit(unavailable);
    setenv("OCL_ICD_VENDORS", oclgrind, 1);
    ServiceThread environment;
    const std::string why = open_opencl(environment, "memory=svm").status().to_string();
    const char* const told = "it has no fine-grained shared virtual memory (memory=svm)";
    return why.find(told) == std::string::npos ? why : std::string{};
  });
}

TEST_F(OpenClProcess, with_two_devices_of_one_driver_has_both_work_on_the_same_bytes) {
  prove([]() -> std::string {
    setenv("POCL_DEVICES", "pthread pthread", 1);
    Arrival arrival = arrive();
    const auto& devices = arrival.opened.devices;
    if (devices.size() != 2 || devices[0]->info().name != "pocl0") std::_Exit(unavailable);
    if (devices[1]->info().name != "pocl1") return "the second is " + devices[1]->info().name;
    const KernelImage push = image("push", {buffer_param(Type::i32, Access::update)},
                                   "__kernel void push(__global int* p, ulong o) {\n"
                                   "  p[get_global_id(0)] = p[get_global_id(0)] * 2 + 1;\n"
                                   "}\n");
    HostBytes shared{1000 * sizeof(int)};
    Reports reports;
    for (int turn = 0; turn < 10; ++turn) {
      Device& device = *devices[static_cast<std::size_t>(turn % 2)];
      const auto handle = std::move(*device.memory().attach(shared));
      const auto kernel = std::move(*device.load(push));
      auto queue = *device.create_queue(QueueId{static_cast<std::uint32_t>(turn)},
                                        QueueUse::compute, 0, reports);
      const KernelArg args[] = {buffer_arg(*handle)};
      if (!queue->launch({kernel.get(), args, {{1000, 1, 1}, {}}, nullptr}).ok()) return "launch";
      const auto last = queue->hand_over({{handle.get(), 0, shared.bytes()}, Towards::host, false});
      if (!queue->flush().ok()) return "flush";
      reports.wait(*last);
    }
    for (int i = 0; i < 1000; ++i)
      if (as<int>(shared)[i] != 1023) return "a step was lost";
    return {};
  });
}

TEST_F(OpenClProcess, with_two_devices_of_separate_memory_has_bytes_go_through_the_hosts) {
  prove([]() -> std::string {
    setenv("POCL_DEVICES", "pthread pthread", 1);
    Arrival arrival = arrive("memory=separate");
    const auto& devices = arrival.opened.devices;
    if (devices.size() != 2 || devices[0]->info().name != "pocl0") std::_Exit(unavailable);
    if (devices[0]->info().space == devices[1]->info().space) return "they share a space";
    const KernelImage push = image("push", {buffer_param(Type::i32, Access::update)},
                                   "__kernel void push(__global int* p, ulong o) {\n"
                                   "  p[get_global_id(0)] = p[get_global_id(0)] * 2 + 1;\n"
                                   "}\n");
    const HostBytes host{1000 * sizeof(int)};
    const auto row = [&](const Allocation& in) { return Span2D{&in, 0, host.bytes(), 1, 0}; };
    std::unique_ptr<Allocation> there[] = {*devices[0]->memory().allocate({host.bytes()}),
                                           *devices[1]->memory().allocate({host.bytes()})};
    Reports reports;
    for (std::uint32_t turn = 0; turn < 10; ++turn) {
      Device& device = *devices[turn % 2];
      const Allocation& mine = *there[turn % 2];
      const auto kernel = std::move(*device.load(push));
      auto queue = *device.create_queue(QueueId{turn}, QueueUse::compute, 0, reports);
      if (queue->copy({row(*there[(turn + 1) % 2]), row(mine)}).ok()) return "a direct copy";
      const KernelArg args[] = {buffer_arg(mine)};
      if (!queue->copy({row(host), row(mine)}).ok()) return "no copy there";
      if (!queue->launch({kernel.get(), args, {{1000, 1, 1}, {}}, nullptr}).ok()) return "launch";
      const auto last = queue->copy({row(mine), row(host)});
      if (!queue->flush().ok()) return "flush";
      reports.wait(*last);
    }
    for (int i = 0; i < 1000; ++i)
      if (as<int>(host)[i] != 1023) return "a step was lost";
    return {};
  });
}

TEST_F(OpenClProcess, ends_well_while_a_kernel_never_does) {
  prove([]() -> std::string {
    Arrival arrival = arrive();
    Device& device = *arrival.opened.devices.front();
    const KernelImage spin = image("spin", {buffer_param(Type::i32, Access::update)},
                                   "__kernel void spin(__global volatile int* begun, ulong o) {\n"
                                   "  begun[0] = 1;\n"
                                   "  while (begun[0] == 1) {}\n"
                                   "}\n");
    // The device may touch both until the process is gone.
    static auto* const word = device.memory().allocate({sizeof(int)})->release();
    static auto* const kernel = device.load(spin)->release();
    Reports reports;
    auto queue = *device.create_queue(QueueId{0}, QueueUse::compute, 0, reports);
    const KernelArg args[] = {buffer_arg(*word)};
    for (int i = 0; i < 3; ++i)
      if (!queue->launch({kernel, args, {}, nullptr}).ok()) return "not launched";
    if (!queue->flush().ok()) return "not flushed";
    while (std::atomic_ref<int>{*as<int>(*word)}.load() == 0) std::this_thread::yield();
    queue->abandon();
    return {};
  });
}

}  // namespace
}  // namespace troika
