#include "bench/serve/onnx_runtime.h"

#include <dlfcn.h>

#include "runtime/base/error.h"

namespace troika::bench {
namespace {

// The version of the table whose places these are; a newer library gives it, too.
constexpr std::uint32_t api_version = 17;

enum Place : int {
  get_error_message = 2,
  create_env = 3,
  create_session = 7,
  run_session = 9,
  create_session_options = 10,
  set_intra_op_threads = 24,
  create_tensor_with_data = 49,
  create_cpu_memory_info = 69,
  release_env = 92,
  release_status = 93,
  release_memory_info = 94,
  release_session = 95,
  release_value = 96,
  release_session_options = 100
};

enum OrtLoggingLevel : int { ort_logging_warning = 2 };
enum OrtAllocatorType : int { ort_arena_allocator = 1 };
enum OrtMemType : int { ort_mem_default = 0 };
enum OrtElementType : int { ort_float = 1 };

struct OrtApiBase {
  void* const* (*get_api)(std::uint32_t version);
  const char* (*version)();
};

void* const* table_of(const std::string& library) {
  void* const opened = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);  // stays: others may use it
  if (opened == nullptr) throw Error{Status{Code::unavailable, dlerror()}};
  using GetBase = const OrtApiBase*();
  auto* const get = reinterpret_cast<GetBase*>(dlsym(opened, "OrtGetApiBase"));
  if (get == nullptr) throw Error{Status{Code::unavailable, dlerror()}};
  void* const* const table = get()->get_api(api_version);
  if (table == nullptr)
    throw Error{Status{Code::unsupported,
                       library + " has no interface of version " + std::to_string(api_version)}};
  return table;
}

}  // namespace

template <class Function>
Function* OnnxRuntimeModel::function(int place) const noexcept {
  return reinterpret_cast<Function*>(table_[place]);
}

void OnnxRuntimeModel::check(OrtStatus* status, const char* asked) const {
  if (status == nullptr) return;
  const Status failed{Code::internal,
                      std::string{"ONNX Runtime: "} + asked + ": " +
                          function<const char*(const OrtStatus*)>(get_error_message)(status)};
  function<void(OrtStatus*)>(release_status)(status);
  throw Error{failed};
}

OnnxRuntimeModel::OnnxRuntimeModel(const std::string& library, const std::string& file,
                                   int intra_op_threads)
    : table_{table_of(library)} {
  check(function<OrtStatus*(OrtLoggingLevel, const char*, OrtEnv**)>(create_env)(
            ort_logging_warning, "troika-bench", &env_),
        "an environment");
  check(function<OrtStatus*(OrtAllocatorType, OrtMemType, OrtMemoryInfo**)>(create_cpu_memory_info)(
            ort_arena_allocator, ort_mem_default, &memory_),
        "the host's memory");
  OrtSessionOptions* options = nullptr;
  check(function<OrtStatus*(OrtSessionOptions**)>(create_session_options)(&options), "options");
  check(function<OrtStatus*(OrtSessionOptions*, int)>(set_intra_op_threads)(options,
                                                                            intra_op_threads),
        "threads");
  OrtStatus* const made =
      function<OrtStatus*(const OrtEnv*, const char*, const OrtSessionOptions*, OrtSession**)>(
          create_session)(env_, file.c_str(), options, &session_);
  function<void(OrtSessionOptions*)>(release_session_options)(options);
  check(made, file.c_str());
}

OnnxRuntimeModel::~OnnxRuntimeModel() {
  function<void(OrtSession*)>(release_session)(session_);
  function<void(OrtMemoryInfo*)>(release_memory_info)(memory_);
  function<void(OrtEnv*)>(release_env)(env_);
}

OrtValue* OnnxRuntimeModel::value(const FloatTensor& tensor) const {
  std::size_t elements = 1;
  for (const std::int64_t dim : tensor.dims) elements *= static_cast<std::size_t>(dim);
  OrtValue* made = nullptr;
  check(function<OrtStatus*(const OrtMemoryInfo*, void*, std::size_t, const std::int64_t*,
                            std::size_t, OrtElementType, OrtValue**)>(create_tensor_with_data)(
            memory_, tensor.data, elements * sizeof(float), tensor.dims.data(), tensor.dims.size(),
            ort_float, &made),
        "a tensor");
  return made;
}

void OnnxRuntimeModel::run(const FloatTensor& input, const FloatTensor& output) const {
  auto* const release = function<void(OrtValue*)>(release_value);
  using Value = std::unique_ptr<OrtValue, void (*)(OrtValue*)>;
  const Value in{value(input), release}, out{value(output), release};
  const OrtValue* const inputs[] = {in.get()};
  OrtValue* outputs[] = {out.get()};
  check(function<OrtStatus*(OrtSession*, const OrtRunOptions*, const char* const*,
                            const OrtValue* const*, std::size_t, const char* const*, std::size_t,
                            OrtValue**)>(run_session)(session_, nullptr, &input.name, inputs, 1,
                                                      &output.name, 1, outputs),
        "a run");
}

}  // namespace troika::bench
