// A driver that does nothing, notes what it was told in which context, and ends what it was given
// when the test says so.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backends/cuda/cuda.h"
#include "runtime/exec/service_thread.h"

namespace troika::cuda {

class ScriptedDriver : public testing::Test {
 protected:
  ScriptedDriver();
  ~ScriptedDriver() override;

  // "wait stream2 event5": what was called, in order, from the last clear on.
  std::vector<std::string> calls;
  std::size_t count(const std::string& prefix) const;
  // Ends all that was recorded up to now, or from now on.
  void finish() { happened.insert(recorded.begin(), recorded.end()); }

  Api api;
  ServiceThread environment;
  std::shared_ptr<Waker> waker = std::make_shared<Waker>();
  std::shared_ptr<Core> core = std::make_shared<Core>();
  std::set<std::uintptr_t> recorded, happened;  // events
  std::map<std::uintptr_t, std::size_t> recordings;
  std::vector<std::pair<CUhostFn, void*>> notices;
  CUresult error = CUDA_SUCCESS;    // of every call that waits or asks
  CUresult refuses = CUDA_SUCCESS;  // of every allocation and registration
  int contexts = 0;                 // current now
  int outside = 0;                  // calls that were made in none
  std::uintptr_t next_handle = 1;

 private:
  friend struct Entries;
  static ScriptedDriver* now;
};

}  // namespace troika::cuda
