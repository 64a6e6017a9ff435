// ONNX Runtime's C interface, the part that the rival backend calls: no package ships its headers,
// so the library is opened at run time and its functions are taken by their place in its table,
// which only ever grows.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace troika::bench {

struct OrtApi;
struct OrtEnv;
struct OrtStatus;
struct OrtMemoryInfo;
struct OrtSession;
struct OrtValue;
struct OrtRunOptions;
struct OrtSessionOptions;

struct FloatTensor {
  const char* name;
  std::span<const std::int64_t> dims;
  float* data;
};

// A model with one input and one output of floats. Thread-safe.
class OnnxRuntimeModel {
 public:
  // Throws Error: what the library's loader or ONNX Runtime says.
  OnnxRuntimeModel(const std::string& library, const std::string& file, int intra_op_threads);
  ~OnnxRuntimeModel();
  OnnxRuntimeModel(const OnnxRuntimeModel&) = delete;
  OnnxRuntimeModel& operator=(const OnnxRuntimeModel&) = delete;

  // On the memory of both. Throws Error.
  void run(const FloatTensor& input, const FloatTensor& output) const;

 private:
  template <class Function>
  Function* function(int place) const noexcept;
  void check(OrtStatus* status, const char* asked) const;
  OrtValue* value(const FloatTensor& tensor) const;

  void* const* table_ = nullptr;
  OrtEnv* env_ = nullptr;
  OrtMemoryInfo* memory_ = nullptr;
  OrtSession* session_ = nullptr;
};

}  // namespace troika::bench
