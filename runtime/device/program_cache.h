// Compiled programs on disk, so that a kernel is compiled once a machine and not once a process.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/base/status.h"

namespace troika {

// One file a program, named by a hash of its key and holding the whole key, so that two keys of one
// hash never exchange their programs. Any thread; several processes may share a folder: a file is
// written under another name and then renamed.
class ProgramCache {
 public:
  // Programs beyond this size are not kept.
  static constexpr std::size_t program_bytes_max = std::size_t{64} << 20U;

  struct Entry {
    std::string key, program;
  };

  // $TROIKA_CACHE_DIR, else $XDG_CACHE_HOME/troika, else ~/.cache/troika; in it the backend's own.
  // Empty when there is none of the three.
  static std::filesystem::path default_folder(std::string_view backend);

  // Makes the folder, readable by its owner only.
  explicit ProgramCache(std::filesystem::path folder);

  // Why programs cannot be kept here; ok when they can.
  const Status& warning() const noexcept { return warning_; }
  // Nothing also when the file is damaged.
  std::optional<std::string> find(std::string_view key) const;
  Status store(std::string_view key, std::string_view program) const;

  std::filesystem::path file_of(std::string_view key) const;
  static std::optional<Entry> read(const std::filesystem::path& file);

 private:
  std::filesystem::path folder_;
  Status warning_;
};

}  // namespace troika
