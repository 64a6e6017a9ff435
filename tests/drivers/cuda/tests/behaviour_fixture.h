// What tests of behaviours share: a kernel that adds one, one that runs for as long as it is told
// to, and an emulator that is late wherever it may be. Each test fails where the emulator stops
// enforcing the behaviour of its number.
#pragma once

#include <atomic>

#include "tests/drivers/cuda/tests/driver_fixture.h"

namespace cuda_emulator_test {

class Behaviour : public Driver {
 protected:
  void SetUp() override;
  // out[i] = in[i] + 1, for 32 integers.
  CUresult run(CUdeviceptr out, CUdeviceptr in, CUstream on) {
    return launch(increment_, on, {&out, &in});
  }
  CUfunction increment_ = nullptr;
};

class Lazy : public Behaviour {
 protected:
  void SetUp() override;
};

// A kernel that reads `at` until the host opens it; begin() returns when it runs.
class Spinning : public Behaviour {
 protected:
  void begin(CUdeviceptr at, CUstream on);
  void open() { word(opened) = 1; }

 private:
  enum Word { begun, opened };
  std::atomic_ref<int> word(Word which) { return std::atomic_ref<int>(words_[which]); }
  int* words_ = nullptr;
};

}  // namespace cuda_emulator_test
