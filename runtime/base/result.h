// A value, or the status that says why there is none.
#pragma once

#include <cassert>
#include <utility>
#include <variant>

#include "runtime/base/status.h"

namespace troika {

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_{std::in_place_index<1>, std::move(value)} {}
  Result(Status failure) : state_{std::in_place_index<0>, std::move(failure)} {
    assert(!std::get<0>(state_).ok() && "a Result without a value needs a failure");
  }

  bool ok() const noexcept { return state_.index() == 1; }
  explicit operator bool() const noexcept { return ok(); }
  Status status() const { return ok() ? Status{} : std::get<0>(state_); }

  // Only when ok().
  T& operator*() & noexcept { return *std::get_if<1>(&state_); }
  const T& operator*() const& noexcept { return *std::get_if<1>(&state_); }
  T&& operator*() && noexcept { return std::move(*std::get_if<1>(&state_)); }
  T* operator->() noexcept { return std::get_if<1>(&state_); }
  const T* operator->() const noexcept { return std::get_if<1>(&state_); }

 private:
  std::variant<Status, T> state_;
};

}  // namespace troika

#define TROIKA_CONCAT_(a, b) a##b
#define TROIKA_CONCAT(a, b) TROIKA_CONCAT_(a, b)

// Returns the failure of `expression` (a Status) from the enclosing function.
#define TROIKA_TRY(expression)                                                \
  do {                                                                        \
    if (::troika::Status troika_status_ = (expression); !troika_status_.ok()) \
      return troika_status_;                                                  \
  } while (false)

// Declares `target` as the value of `expression` (a Result), or returns its failure.
#define TROIKA_ASSIGN(target, expression) \
  TROIKA_ASSIGN_(TROIKA_CONCAT(troika_result_, __LINE__), target, expression)
#define TROIKA_ASSIGN_(result, target, expression) \
  auto result = (expression);                      \
  if (!result.ok()) return result.status();        \
  target = *std::move(result)
