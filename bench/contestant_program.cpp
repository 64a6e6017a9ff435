// A contestant that is a program of its own, for what cannot be linked into this one.
#include <cerrno>
#include <cstring>
#include <sstream>
#include <stdexcept>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/contestant.h"

namespace troika::bench {
namespace {

Status failed(const std::string& tried, int error) {
  return {Code::unavailable, tried + ": " + std::strerror(error)};
}

// Two pipes to a child; it ends when its standard input does.
class Child {
 public:
  Child() = default;
  ~Child() {
    if (to_ >= 0) close(to_);
    if (from_) std::fclose(from_);
    if (pid_ > 0) waitpid(pid_, nullptr, 0);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  Status start(const std::string& program, const std::string& argument) {
    int in[2], out[2];
    if (pipe2(in, O_CLOEXEC) != 0) return failed("pipe2", errno);
    to_ = in[1];
    if (pipe2(out, O_CLOEXEC) != 0) {
      close(in[0]);
      return failed("pipe2", errno);
    }
    from_ = fdopen(out[0], "r");
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
    std::string arguments[] = {program, argument};
    char* const argv[] = {arguments[0].data(), arguments[1].data(), nullptr};
    const int error = posix_spawn(&pid_, program.c_str(), &actions, nullptr, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(in[0]);
    close(out[1]);
    return error == 0 ? Status{} : failed(program, error);
  }

  void say(const std::string& line) {
    const std::string text = line + '\n';
    if (::write(to_, text.data(), text.size()) != static_cast<ssize_t>(text.size()))
      throw std::runtime_error("cannot write to the program: " + std::string{strerror(errno)});
  }
  // Empty when it has ended.
  std::string hear() {
    std::string line;
    for (int c = std::fgetc(from_); c != EOF && c != '\n'; c = std::fgetc(from_))
      line += static_cast<char>(c);
    return line;
  }

 private:
  pid_t pid_ = -1;
  int to_ = -1;
  std::FILE* from_ = nullptr;
};

class InProgram final : public Contestant {
 public:
  InProgram(std::string name, std::unique_ptr<Child> child, std::string about)
      : name_{std::move(name)}, child_{std::move(child)}, about_{std::move(about)} {}
  std::string name() const override { return name_; }
  std::string about() const override { return about_; }
  std::uint32_t scaled_down() const override { return 1; }

  Sample sample(const GraphName& graph, const Shape&) override {
    child_->say(graph.name + ' ' + std::to_string(graph.tasks));
    std::istringstream figures{child_->hear()};
    Sample result;
    double bytes = 0;
    if (!(figures >> result.build >> result.replay >> bytes))
      throw std::runtime_error(name_ + ": the program gave up at graph " + graph.name);
    result.bytes = bytes;
    return result;
  }

 private:
  const std::string name_;
  const std::unique_ptr<Child> child_;
  const std::string about_;
};

}  // namespace

Result<std::unique_ptr<Contestant>> in_program(std::string name,
                                               const std::filesystem::path& program,
                                               unsigned threads) {
  auto child = std::make_unique<Child>();
  TROIKA_TRY(child->start(program, std::to_string(threads)));
  std::string about = child->hear();
  if (about.empty()) return Status{Code::unavailable, program.string() + " ended at once"};
  return std::unique_ptr<Contestant>{
      std::make_unique<InProgram>(std::move(name), std::move(child), std::move(about))};
}

}  // namespace troika::bench
