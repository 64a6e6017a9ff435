// The one exception type, thrown by the C++ façade only; everything below it returns Status.
#pragma once

#include <stdexcept>
#include <utility>

#include "runtime/base/result.h"

namespace troika {

class Error : public std::runtime_error {
 public:
  explicit Error(Status status)
      : std::runtime_error{status.to_string()}, status_{std::move(status)} {}

  const Status& status() const noexcept { return status_; }
  Code code() const noexcept { return status_.code(); }

 private:
  Status status_;
};

// At the façade: a failure becomes an Error.
inline void throw_if_failed(const Status& status) {
  if (!status.ok()) throw Error{status};
}

template <class T>
T value_or_throw(Result<T> result) {
  if (!result.ok()) throw Error{result.status()};
  return *std::move(result);
}

}  // namespace troika
