// Atomics for the host lane's templates that let Relacy choose every interleaving and every value
// that the C++ memory model allows a load to see.
//
// To be included after everything else: Relacy redefines `new`, `delete` and `assert` as macros,
// which templates read before that do not see.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <ostream>
#include <string>

#include <gtest/gtest.h>
#include <relacy/relacy.hpp>

#undef new
#undef delete
#undef assert
#undef malloc
#undef calloc
#undef realloc
#undef free

namespace troika::testing {

enum class Strength { as_written, no_seq_cst };

// `no_seq_cst` is for tests that show what sequential consistency is needed for: it makes do with
// acquire and release.
template <class T, Strength strength>
class RelacyAtomic {
 public:
  RelacyAtomic() = default;
  RelacyAtomic(T value) : atomic_{value} {}

  T load(std::memory_order order) const { return atomic_.load(read(order), RL_INFO); }
  void store(T value, std::memory_order order) { atomic_.store(value, write(order), RL_INFO); }
  T exchange(T value, std::memory_order order) {
    return atomic_.exchange(value, both(order), RL_INFO);
  }
  T fetch_add(T value, std::memory_order order) {
    return atomic_.fetch_add(value, both(order), RL_INFO);
  }
  T fetch_sub(T value, std::memory_order order) {
    return atomic_.fetch_sub(value, both(order), RL_INFO);
  }
  T fetch_and(T value, std::memory_order order) {
    return atomic_.fetch_and(value, both(order), RL_INFO);
  }
  T fetch_or(T value, std::memory_order order) {
    return atomic_.fetch_or(value, both(order), RL_INFO);
  }
  bool compare_exchange_weak(T& expected, T value, std::memory_order order) {
    return atomic_.compare_exchange_weak(expected, value, both(order), RL_INFO);
  }
  bool compare_exchange_weak(T& expected, T value, std::memory_order order,
                             std::memory_order failure) {
    return atomic_.compare_exchange_weak(expected, value, both(order), RL_INFO, read(failure),
                                         RL_INFO);
  }
  bool compare_exchange_strong(T& expected, T value, std::memory_order order) {
    return atomic_.compare_exchange_strong(expected, value, both(order), RL_INFO);
  }

 private:
  static bool weaken(std::memory_order order) {
    return strength == Strength::no_seq_cst && order == std::memory_order::seq_cst;
  }
  static rl::memory_order exact(std::memory_order order) {
    switch (order) {
      case std::memory_order::relaxed: return rl::mo_relaxed;
      case std::memory_order::consume: return rl::mo_consume;
      case std::memory_order::acquire: return rl::mo_acquire;
      case std::memory_order::release: return rl::mo_release;
      case std::memory_order::acq_rel: return rl::mo_acq_rel;
      case std::memory_order::seq_cst: return rl::mo_seq_cst;
    }
    return rl::mo_seq_cst;
  }
  static rl::memory_order read(std::memory_order order) {
    return weaken(order) ? rl::mo_acquire : exact(order);
  }
  static rl::memory_order write(std::memory_order order) {
    return weaken(order) ? rl::mo_release : exact(order);
  }
  static rl::memory_order both(std::memory_order order) {
    return weaken(order) ? rl::mo_acq_rel : exact(order);
  }

  rl::atomic<T> atomic_;
};

template <Strength strength>
struct RelacyAtomics {
  template <class T>
  using Atomic = RelacyAtomic<T, strength>;
};

using Written = RelacyAtomics<Strength::as_written>;
using NoSeqCst = RelacyAtomics<Strength::no_seq_cst>;

// Part of a model that wants its alignment, to which Relacy pays no regard.
template <class T>
class Aligned {
 public:
  template <class... Args>
  explicit Aligned(Args... args) : value_{std::make_unique<T>(args...)} {}
  T* operator->() const noexcept { return value_.get(); }

 private:
  std::unique_ptr<T> value_;
};

// What Relacy prints, into memory of a fixed size: while a model runs, memory is Relacy's own.
class Log final : public std::streambuf {
 public:
  Log() : text_(1 << 20, '\0') { setp(text_.data(), text_.data() + text_.size()); }
  std::string text() const { return {pbase(), pptr()}; }

 private:
  std::string text_;
};

// How a model's executions ended.
struct Checked {
  rl::test_result_e result = rl::test_result_success;
  std::string log;  // of the failing execution, if there is one
};

template <class Model>
Checked simulated(rl::test_params& params) {
  Log log;
  std::ostream stream{&log};
  params.output_stream = &stream;
  params.progress_stream = &stream;
  rl::simulate<Model>(params);
  return {params.test_result, log.text()};
}

// Every interleaving with at most `switches` involuntary switches between threads, as far as
// `limit` executions go.
template <class Model>
Checked bounded(unsigned switches, rl::iteration_t limit) {
  rl::test_params params;
  params.search_type = rl::fair_context_bound_scheduler_type;
  params.context_bound = switches;
  params.iteration_count = limit;
  return simulated<Model>(params);
}

// Executions at random: they reach older values of a load than the bounded ones.
template <class Model>
Checked random(rl::iteration_t executions) {
  rl::test_params params;
  params.search_type = rl::random_scheduler_type;
  params.iteration_count = executions;
  return simulated<Model>(params);
}

template <class Model>
void expect_holds(unsigned switches, rl::iteration_t executions) {
  for (const Checked& checked : {bounded<Model>(switches, executions), random<Model>(executions)}) {
    EXPECT_EQ(checked.result, rl::test_result_success) << checked.log;
  }
}

template <class Model>
void expect_breaks(unsigned switches, rl::iteration_t executions) {
  EXPECT_TRUE(bounded<Model>(switches, executions).result != rl::test_result_success ||
              random<Model>(executions).result != rl::test_result_success)
      << "the check does not see what it is there for";
}

}  // namespace troika::testing
