// Holds the first CUDA device to the conformance suite: a GPU's or, where the environment leads to
// it, the emulated driver's.
#include <atomic>
#include <thread>

#include "runtime/exec/service_thread.h"
#include "tests/conformance/subject.h"
#include "tests/cuda_devices.h"
#include "tests/host_bytes.h"

namespace troika::conformance {
namespace {

Result<Opening> open() {
  Opening opening;
  opening.environment = std::make_unique<ServiceThread>();
  TROIKA_ASSIGN(Opened opened, open_cuda(*opening.environment));
  opening.device = std::move(opened.devices.front());
  return opening;
}

// A buffer parameter's elements, from its base and byte offset.
#define ELEMENTS(type, name) \
#type "* " #name " = (" #type "*)((char*)" #name "_base + " #name "_at);\n"
#define BUFFER(type, name) #type "* " #name "_base, unsigned long long " #name "_at"
#define INDEX(d) "(int)(blockIdx." #d " * blockDim." #d " + threadIdx." #d ")"

const char* code_of(SuiteKernel kernel) noexcept {
  switch (kernel) {
    case SuiteKernel::add:
      return "extern \"C\" __global__ void suite_add(" BUFFER(int, x) ", " BUFFER(int, y)
             ", int v, int n) {\n"
             ELEMENTS(int, x) ELEMENTS(int, y)
             "int i = " INDEX(x) ";\n"
             "if (i < n) y[i] = x[i] + v;\n}\n";
    case SuiteKernel::mix:
      return "extern \"C\" __global__ void suite_mix(" BUFFER(unsigned, x)
             ", unsigned a, unsigned b, int n) {\n"
             ELEMENTS(unsigned, x)
             "int i = " INDEX(x) ";\n"
             "if (i < n) x[i] = x[i] * a + b;\n}\n";
    case SuiteKernel::index2d:
      return "extern \"C\" __global__ void suite_index2d(" BUFFER(int, y)
             ", int w, int h, int pitch) {\n"
             ELEMENTS(int, y)
             "int c = " INDEX(x) ", r = " INDEX(y) ";\n"
             "if (c < w && r < h) y[r * pitch + c] = r * w + c;\n}\n";
    case SuiteKernel::scalars:
      return "extern \"C\" __global__ void suite_scalars(" BUFFER(long long, y)
             ", unsigned char a, signed char b, unsigned short c, short d, int e, unsigned f,\n"
             "long long g, unsigned long long h, float i) {\n"
             ELEMENTS(long long, y)
             "if (" INDEX(x) " != 0) return;\n"
             "y[0] = a; y[1] = b; y[2] = c; y[3] = d; y[4] = e; y[5] = f; y[6] = g;\n"
             "y[7] = (long long)h; y[8] = (long long)(i * 4.0f);\n}\n";
    case SuiteKernel::broken:
      return "extern \"C\" __global__ void suite_broken(" BUFFER(unsigned, x) ") { no; }\n";
    case SuiteKernel::fail: break;
  }
  return nullptr;
}

KernelImage cuda_image(std::string_view operation, std::vector<Param> params, std::string code) {
  KernelImage made;
  made.operation = made.entry = operation;
  made.dialect = Dialect::ptx;
  made.params = std::move(params);
  made.code = std::move(code);
  return made;
}

// A failure in a kernel takes its device with it; tests/unit/cuda has what happens then.
Result<KernelImage> image(SuiteKernel kernel) {
  const char* const code = code_of(kernel);
  if (!code) return Status{Code::unsupported, "a kernel in CUDA C cannot fail by itself alone"};
  return cuda_image(operation_of(kernel), params_of(kernel), code);
}

// A kernel that runs until a word of the host's, mapped into the device, says otherwise.
class SpinGate final : public Gate {
 public:
  SpinGate(std::unique_ptr<HostBytes> words, std::unique_ptr<Allocation> mapped,
           std::unique_ptr<LoadedKernel> kernel)
      : words_{std::move(words)}, mapped_{std::move(mapped)}, kernel_{std::move(kernel)} {}
  ~SpinGate() override {
    // What has begun ends now. What has not may be in the driver's stream still, if that was
    // abandoned: then the words stay for it, for good.
    while (word(ended).load() != word(begun).load()) std::this_thread::yield();
    if (word(ended).load() == held_) return;
    static Kept& kept = *new Kept;
    kept.emplace_back(std::move(words_), std::move(mapped_), std::move(kernel_));
  }

  Result<Timepoint> hold(Queue& queue) override {
    const KernelArg arg{{mapped_.get(), 0, 3 * sizeof(int)}, {}};
    auto point = queue.launch({kernel_.get(), {&arg, 1}, {{1, 1, 1}, {1, 1, 1}}, nullptr});
    if (point.ok()) ++held_;
    return point;
  }
  void wait_until_held() override {
    while (word(begun).load() == 0) std::this_thread::yield();
  }
  void open() override { word(opened).store(1); }

 private:
  enum Word { opened, begun, ended };
  using Kept = std::vector<std::tuple<std::unique_ptr<HostBytes>, std::unique_ptr<Allocation>,
                                      std::unique_ptr<LoadedKernel>>>;

  std::atomic_ref<int> word(int index) const {
    return std::atomic_ref<int>{reinterpret_cast<int*>(words_->host())[index]};
  }

  std::unique_ptr<HostBytes> words_;
  std::unique_ptr<Allocation> mapped_;
  std::unique_ptr<LoadedKernel> kernel_;
  int held_ = 0;
};

Result<std::unique_ptr<Gate>> gate(Opening& opening) {
  Device& device = *opening.device;
  auto words = std::make_unique<HostBytes>(4096);
  TROIKA_ASSIGN(auto mapped, device.memory().adopt({words->host(), words->bytes()}));
  TROIKA_ASSIGN(auto kernel, device.load(cuda_image(
                                 "suite_spin", {{true, Type::i32, Access::update}},
                                 "extern \"C\" __global__ void suite_spin(" BUFFER(
                                     int, w) ") {\n"
                                             "  volatile int* words = (volatile int*)w_base;\n"
                                             "  words[1] = words[1] + 1;\n"
                                             "  __threadfence_system();\n"
                                             "  while (words[0] == 0) {}\n"
                                             "  words[2] = words[2] + 1;\n"
                                             "  __threadfence_system();\n"
                                             "}\n")));
  return std::unique_ptr<Gate>{
      std::make_unique<SpinGate>(std::move(words), std::move(mapped), std::move(kernel))};
}

}  // namespace

const Subject& subject() {
  static const Subject cuda{"cuda", open, image, gate, {}};
  return cuda;
}

}  // namespace troika::conformance
