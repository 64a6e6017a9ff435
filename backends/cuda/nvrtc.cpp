#include "backends/cuda/nvrtc.h"

#include <array>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <vector>

#include <dlfcn.h>

namespace troika::cuda {
namespace {

namespace fs = std::filesystem;

constexpr const char* compiler_library = "libnvrtc.so.13";

// Where it lies beside the headers that this was built with, the run path leads to it.
std::vector<std::string> candidates() {
  std::vector<std::string> found{compiler_library};
  if (const char* const toolkit = secure_getenv("CUDA_PATH"); toolkit && *toolkit)
    found.push_back(fs::path{toolkit} / "lib64" / compiler_library);
  found.push_back(fs::path{"/usr/local/cuda/lib64"} / compiler_library);
  return found;
}

// It opens a second library by its bare name, which no run path of its own leads to.
void open_builtins(const Compiler& compiler) {
  int major = 0, minor = 0;
  Dl_info info{};
  if (compiler.Version(&major, &minor) != NVRTC_SUCCESS ||
      dladdr(reinterpret_cast<void*>(compiler.Version), &info) == 0)
    return;
  const std::string name =
      "libnvrtc-builtins.so." + std::to_string(major) + "." + std::to_string(minor);
  // Where it is elsewhere, the compiler finds it itself or says so when it compiles.
  dlopen((fs::path{info.dli_fname}.parent_path() / name).c_str(), RTLD_NOW | RTLD_GLOBAL);
}

Result<Compiler> open_compiler() {
  void* library = nullptr;
  std::string tried;
  for (const std::string& candidate : candidates()) {
    library = dlopen(candidate.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library) break;
    const char* const said = dlerror();
    tried += (tried.empty() ? "" : "; ") + std::string{said ? said : candidate.c_str()};
  }
  if (!library) return Status{Code::unavailable, tried};
  Compiler compiler;
#define TROIKA_NVRTC_LOAD(name)                                                              \
  compiler.name = reinterpret_cast<decltype(&::nvrtc##name)>(dlsym(library, "nvrtc" #name)); \
  if (!compiler.name)                                                                        \
    return Status{Code::unavailable, std::string{compiler_library} + " has no nvrtc" #name};
  TROIKA_NVRTC_ENTRIES(TROIKA_NVRTC_LOAD)
#undef TROIKA_NVRTC_LOAD
  open_builtins(compiler);
  return compiler;
}

// The newest that the compiler knows and a device of `wanted` can run; `wanted` when there is none,
// which the compiler will then refuse by name.
int known_architecture(const Compiler& compiler, int wanted) {
  int count = 0;
  if (compiler.GetNumSupportedArchs(&count) != NVRTC_SUCCESS) return wanted;
  std::vector<int> known(static_cast<std::size_t>(count));
  if (compiler.GetSupportedArchs(known.data()) != NVRTC_SUCCESS) return wanted;
  int newest = 0;
  for (const int each : known)
    if (each <= wanted && each > newest) newest = each;
  return newest == 0 ? wanted : newest;
}

class Program {
 public:
  explicit Program(const Compiler& compiler) noexcept : compiler_{compiler} {}
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  ~Program() { compiler_.DestroyProgram(&handle); }

  nvrtcProgram handle = nullptr;

 private:
  const Compiler& compiler_;
};

template <class Size, class Get>
std::string text_of(nvrtcProgram program, Size size, Get get) {
  std::size_t bytes = 0;
  if (size(program, &bytes) != NVRTC_SUCCESS || bytes == 0) return {};
  std::string text(bytes, '\0');
  if (get(program, text.data()) != NVRTC_SUCCESS) return {};
  return text;
}

std::string without_end(std::string text) {
  while (!text.empty() && (text.back() == '\0' || text.back() == '\n')) text.pop_back();
  return text;
}

std::vector<std::string> words_of(std::string_view text) {
  std::istringstream in{std::string{text}};
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

}  // namespace

Result<const Compiler*> load_compiler() {
  static const Result<Compiler> compiler = open_compiler();
  if (!compiler.ok()) return compiler.status();
  return &*compiler;
}

Result<Compiled> compile(const Compiler& compiler, const std::string& name,
                         const std::string& source, std::string_view options, Target target,
                         int architecture) {
  const auto failed = [&](const char* call, nvrtcResult error) {
    return Status{Code::kernel_failed, std::string{call} + ": " + compiler.GetErrorString(error)};
  };
  Program program{compiler};
  nvrtcResult error =
      compiler.CreateProgram(&program.handle, source.c_str(), name.c_str(), 0, nullptr, nullptr);
  if (error != NVRTC_SUCCESS) return failed("nvrtcCreateProgram", error);
  // Contraction is off so that a host kernel of the same arithmetic gives the same bits.
  std::vector<std::string> words{
      (target == Target::ptx ? "--gpu-architecture=compute_" : "--gpu-architecture=sm_") +
          std::to_string(known_architecture(compiler, architecture)),
      "--fmad=false"};
  for (std::string& word : words_of(options)) words.push_back(std::move(word));
  std::vector<const char*> pointers;
  for (const std::string& word : words) pointers.push_back(word.c_str());
  error =
      compiler.CompileProgram(program.handle, static_cast<int>(pointers.size()), pointers.data());
  Compiled compiled;
  compiled.log =
      without_end(text_of(program.handle, compiler.GetProgramLogSize, compiler.GetProgramLog));
  if (error != NVRTC_SUCCESS) return failed("nvrtcCompileProgram", error).within(compiled.log);
  compiled.code = target == Target::ptx
                      ? without_end(text_of(program.handle, compiler.GetPTXSize, compiler.GetPTX))
                      : text_of(program.handle, compiler.GetCUBINSize, compiler.GetCUBIN);
  if (compiled.code.empty()) return Status{Code::kernel_failed, name + ": NVRTC gave no code"};
  return compiled;
}

}  // namespace troika::cuda
