// A progress bar on a terminal; nothing anywhere else.
#pragma once

#include <cstdio>
#include <string>

#include <unistd.h>

namespace troika {

class Progress {
 public:
  // As many calls of step() as it takes to be done.
  explicit Progress(int steps) : steps_{steps}, shown_{isatty(STDERR_FILENO) == 1} {}
  ~Progress() { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // The step that begins now.
  void step(const std::string& what) {
    if (!shown_) return;
    const int filled = width * done_++ / steps_;
    const std::string bar = std::string(static_cast<std::size_t>(filled), '#') +
                            std::string(static_cast<std::size_t>(width - filled), '.');
    std::fprintf(stderr, "\r[%s] %-40s", bar.c_str(), what.c_str());
    std::fflush(stderr);
  }
  void clear() {
    if (shown_) std::fprintf(stderr, "\r%*s\r", width + 43, "");
  }

 private:
  static constexpr int width = 30;
  const int steps_;
  const bool shown_;
  int done_ = 0;
};

}  // namespace troika
