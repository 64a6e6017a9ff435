// Holds the first OpenCL device to the conformance suite. Which one that is, and whether it has
// memory of its own, the environment says: tests/conformance/CMakeLists.txt.
#include <atomic>
#include <thread>

#include "runtime/exec/service_thread.h"
#include "tests/conformance/subject.h"
#include "tests/host_bytes.h"
#include "tests/opencl_devices.h"

namespace troika::conformance {
namespace {

Result<Opening> open() {
  Opening opening;
  opening.environment = std::make_unique<ServiceThread>();
  TROIKA_ASSIGN(Opened opened, open_opencl(*opening.environment));
  opening.device = std::move(opened.devices.front());
  return opening;
}

// A buffer parameter's elements, from its base and byte offset.
#define ELEMENTS(type, name)                                                                       \
  "__global " #type "* " #name " = (__global " #type "*)((__global uchar*)" #name "_base + " #name \
  "_at);\n"
#define BUFFER(type, name) "__global " #type "* " #name "_base, ulong " #name "_at"

const char* code_of(SuiteKernel kernel) noexcept {
  switch (kernel) {
    case SuiteKernel::add:
      return "__kernel void suite_add(" BUFFER(int, x) ", " BUFFER(int, y) ", int v, int n) {\n"
             ELEMENTS(int, x) ELEMENTS(int, y)
             "int i = get_global_id(0);\n"
             "if (i < n) y[i] = x[i] + v;\n}\n";
    case SuiteKernel::mix:
      return "__kernel void suite_mix(" BUFFER(uint, x) ", uint a, uint b, int n) {\n"
             ELEMENTS(uint, x)
             "int i = get_global_id(0);\n"
             "if (i < n) x[i] = x[i] * a + b;\n}\n";
    case SuiteKernel::index2d:
      return "__kernel void suite_index2d(" BUFFER(int, y) ", int w, int h, int pitch) {\n"
             ELEMENTS(int, y)
             "int c = get_global_id(0), r = get_global_id(1);\n"
             "if (c < w && r < h) y[r * pitch + c] = r * w + c;\n}\n";
    case SuiteKernel::scalars:
      return "__kernel void suite_scalars(" BUFFER(long, y)
             ", uchar a, char b, ushort c, short d, int e, uint f, long g, ulong h, float i) {\n"
             ELEMENTS(long, y)
             "if (get_global_id(0) != 0) return;\n"
             "y[0] = a; y[1] = b; y[2] = c; y[3] = d; y[4] = e; y[5] = f; y[6] = g;\n"
             "y[7] = (long)h; y[8] = (long)(i * 4.0f);\n}\n";
    case SuiteKernel::broken: return "__kernel void suite_broken(" BUFFER(uint, x) ") { no; }\n";
    case SuiteKernel::fail: break;
  }
  return nullptr;
}

Result<KernelImage> image(SuiteKernel kernel) {
  const char* const code = code_of(kernel);
  if (!code) return Status{Code::unsupported, "a kernel in OpenCL C cannot report a failure"};
  KernelImage made;
  made.operation = operation_of(kernel);
  made.dialect = Dialect::opencl_c;
  made.params = params_of(kernel);
  made.entry = operation_of(kernel);
  made.code = code;
  return made;
}

// A kernel that runs until a word of the host's says otherwise.
class SpinGate final : public Gate {
 public:
  // `arg` leads the kernel to `words`.
  SpinGate(std::unique_ptr<Allocation> words, KernelArg arg, std::unique_ptr<LoadedKernel> kernel)
      : words_{std::move(words)}, arg_{arg}, kernel_{std::move(kernel)} {
    for (int i = 0; i < 3; ++i) word(i).store(0);
  }
  ~SpinGate() override {
    // What has begun ends now. What has not may be in the driver's queue still, if that was
    // abandoned: then the words stay for it, for good.
    while (word(ended).load() != word(begun).load()) std::this_thread::yield();
    if (word(ended).load() == held_) return;
    kept_for_good().emplace_back(std::move(words_), std::move(kernel_));
  }

  Result<Timepoint> hold(Queue& queue) override {
    auto point = queue.launch({kernel_.get(), {&arg_, 1}, {}, nullptr});
    if (point.ok()) ++held_;
    return point;
  }
  void wait_until_held() override {
    while (word(begun).load() == 0) std::this_thread::yield();
  }
  void open() override { word(opened).store(1); }

  static KernelImage spin_image(Param param, const std::string& opening) {
    KernelImage made;
    made.operation = made.entry = "suite_spin";
    made.dialect = Dialect::opencl_c;
    made.params = {param};
    made.code = opening +
                "  atomic_inc(words + 1);\n"
                "  while (words[0] == 0) {}\n"
                "  atomic_inc(words + 2);\n"
                "}\n";
    return made;
  }

 private:
  enum Word { opened, begun, ended };
  using Kept = std::vector<std::pair<std::unique_ptr<Allocation>, std::unique_ptr<LoadedKernel>>>;

  static Kept& kept_for_good() {
    static Kept& kept = *new Kept;
    return kept;
  }

  std::atomic_ref<int> word(int index) const {
    return std::atomic_ref<int>{reinterpret_cast<int*>(words_->host())[index]};
  }

  std::unique_ptr<Allocation> words_;
  const KernelArg arg_;
  std::unique_ptr<LoadedKernel> kernel_;
  int held_ = 0;
};

// In memory that the device shares with the host.
Result<std::unique_ptr<Gate>> shared_gate(Device& device) {
  TROIKA_ASSIGN(auto words, device.memory().allocate({4096}));
  TROIKA_ASSIGN(auto kernel,
                device.load(SpinGate::spin_image(
                    {true, Type::i32, Access::update},
                    "__kernel void suite_spin(__global volatile int* words, ulong at) {\n")));
  const KernelArg arg{{words.get(), 0, 3 * sizeof(int), 1, 0}, {}};
  return std::unique_ptr<Gate>{
      std::make_unique<SpinGate>(std::move(words), arg, std::move(kernel))};
}

// PoCL's do, and those of Intel's driver for CPUs. Oclgrind's, which calls itself a CPU too, know
// no address of the host's.
bool kernels_run_in_this_process(const DeviceInfo& info) noexcept {
  return info.name.starts_with("pocl") ||
         (info.name.starts_with("intel") && info.kind == DeviceKind::cpu);
}

// At an address of the host's, past all that OpenCL promises of buffers that are kept separate.
Result<std::unique_ptr<Gate>> address_gate(Device& device) {
  TROIKA_ASSIGN(auto kernel,
                device.load(SpinGate::spin_image(
                    {false, Type::u64, Access::read},
                    "__kernel void suite_spin(ulong at) {\n"
                    "  __global volatile int* words = (__global volatile int*)at;\n")));
  auto words = std::make_unique<HostBytes>(4096);
  const KernelArg arg{{}, Scalar::of(reinterpret_cast<std::uint64_t>(words->host()))};
  return std::unique_ptr<Gate>{
      std::make_unique<SpinGate>(std::move(words), arg, std::move(kernel))};
}

Result<std::unique_ptr<Gate>> gate(Opening& opening) {
  Device& device = *opening.device;
  if (device.memory().space() == host_space) return shared_gate(device);
  if (kernels_run_in_this_process(device.info())) return address_gate(device);
  return Status{Code::unsupported,
                "no kernel of " + device.info().name + " can see when the host lets it go"};
}

}  // namespace

const Subject& subject() {
  static const Subject opencl{"opencl", open, image, gate, {}};
  return opencl;
}

}  // namespace troika::conformance
