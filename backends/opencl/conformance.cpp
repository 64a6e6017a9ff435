// Holds the first unified OpenCL device to the conformance suite.
#include <atomic>
#include <thread>

#include "runtime/exec/service_thread.h"
#include "tests/conformance/subject.h"
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

// A kernel that runs until a word in the memory it shares with the host says otherwise.
class SpinGate final : public Gate {
 public:
  SpinGate(std::unique_ptr<Allocation> words, std::unique_ptr<LoadedKernel> kernel)
      : words_{std::move(words)}, kernel_{std::move(kernel)} {
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
    const KernelArg args[] = {{{words_.get(), 0, 3 * sizeof(int), 1, 0}, {}}};
    auto point = queue.launch({kernel_.get(), args, {}, nullptr});
    if (point.ok()) ++held_;
    return point;
  }
  void wait_until_held() override {
    while (word(begun).load() == 0) std::this_thread::yield();
  }
  void open() override { word(opened).store(1); }

  static KernelImage spin_image() {
    KernelImage made;
    made.operation = made.entry = "suite_spin";
    made.dialect = Dialect::opencl_c;
    made.params = {{true, Type::i32, Access::update}};
    made.code =
        "__kernel void suite_spin(__global volatile int* words, ulong at) {\n"
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
  std::unique_ptr<LoadedKernel> kernel_;
  int held_ = 0;
};

Result<std::unique_ptr<Gate>> gate(Opening& opening) {
  TROIKA_ASSIGN(auto words, opening.device->memory().allocate({4096}));
  TROIKA_ASSIGN(auto kernel, opening.device->load(SpinGate::spin_image()));
  return std::unique_ptr<Gate>{std::make_unique<SpinGate>(std::move(words), std::move(kernel))};
}

}  // namespace

const Subject& subject() {
  static const Subject opencl{"opencl", open, image, gate, {}};
  return opencl;
}

}  // namespace troika::conformance
