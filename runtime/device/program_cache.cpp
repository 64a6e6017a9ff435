#include "runtime/device/program_cache.h"

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <system_error>

#include <sys/stat.h>
#include <unistd.h>

namespace troika {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view magic = "troika program 1\n";

// FNV-1a.
std::uint64_t hash_of(std::string_view bytes) noexcept {
  std::uint64_t hash = 14695981039346656037ULL;
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  return hash;
}

// What a file says of itself behind the magic line.
struct Header {
  std::uint64_t key_bytes, program_bytes, hash;
};

Status cannot(const std::string& what, const fs::path& where, int error) {
  return {Code::unavailable, what + " " + where.string() + ": " + std::strerror(error) +
                                 "; kernels are compiled anew in every process"};
}

fs::path tried_folder(const char* name, const char* below) {
  const char* const value = secure_getenv(name);
  return value && *value ? fs::path{value} / below : fs::path{};
}

// A file that a second process cannot have: created, or nothing.
int create_unique(std::string& path) {
  path += ".XXXXXX";
  return mkstemp(path.data());
}

bool write_all(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace

fs::path ProgramCache::default_folder(std::string_view backend) {
  for (const auto& folder :
       {tried_folder("TROIKA_CACHE_DIR", ""), tried_folder("XDG_CACHE_HOME", "troika"),
        tried_folder("HOME", ".cache/troika")})
    if (!folder.empty()) return folder / backend;
  return {};
}

ProgramCache::ProgramCache(fs::path folder) : folder_{std::move(folder)} {
  if (folder_.empty()) {
    warning_ = {Code::unavailable,
                "program cache: none of TROIKA_CACHE_DIR, XDG_CACHE_HOME and HOME is set; kernels "
                "are compiled anew in every process"};
    return;
  }
  std::error_code error;
  fs::create_directories(folder_.parent_path(), error);
  if (mkdir(folder_.c_str(), 0700) != 0 && errno != EEXIST) {
    warning_ = cannot("program cache: cannot make", folder_, errno);
    return;
  }
  // Tried, not asked: a file system can refuse what the mode bits allow.
  std::string probe = (folder_ / "probe").string();
  const int file = create_unique(probe);
  if (file < 0) {
    warning_ = cannot("program cache: cannot write to", folder_, errno);
    return;
  }
  ::close(file);
  ::unlink(probe.c_str());
}

fs::path ProgramCache::file_of(std::string_view key) const {
  std::array<char, 17> name{};
  std::snprintf(name.data(), name.size(), "%016llx", static_cast<unsigned long long>(hash_of(key)));
  return folder_ / (std::string{name.data()} + ".bin");
}

std::optional<ProgramCache::Entry> ProgramCache::read(const fs::path& file) {
  std::ifstream in{file, std::ios::binary};
  if (!in) return std::nullopt;
  const std::string all{std::istreambuf_iterator<char>{in}, {}};
  Header header{};
  const std::size_t fixed = magic.size() + sizeof header;
  if (all.size() < fixed || !std::string_view{all}.starts_with(magic)) return std::nullopt;
  std::memcpy(&header, all.data() + magic.size(), sizeof header);
  const std::string_view rest = std::string_view{all}.substr(fixed);
  if (header.key_bytes > rest.size() || header.program_bytes != rest.size() - header.key_bytes ||
      header.hash != hash_of(rest))
    return std::nullopt;
  return Entry{std::string{rest.substr(0, header.key_bytes)},
               std::string{rest.substr(header.key_bytes)}};
}

std::optional<std::string> ProgramCache::find(std::string_view key) const {
  if (folder_.empty()) return std::nullopt;
  auto entry = read(file_of(key));
  if (!entry || entry->key != key) return std::nullopt;
  return std::move(entry->program);
}

Status ProgramCache::store(std::string_view key, std::string_view program) const {
  if (!warning_.ok()) return warning_;
  if (program.size() > program_bytes_max)
    return {Code::exhausted, "program cache: a program of " + std::to_string(program.size()) +
                                 " bytes is beyond the limit of " +
                                 std::to_string(program_bytes_max)};
  const std::string rest = std::string{key} + std::string{program};
  const Header header{key.size(), program.size(), hash_of(rest)};
  std::string bytes{magic};
  bytes.append(reinterpret_cast<const char*>(&header), sizeof header).append(rest);

  const fs::path to = file_of(key);
  std::string temporary = to.string();
  const int file = create_unique(temporary);
  if (file < 0) return cannot("program cache: cannot write to", folder_, errno);
  const bool written = write_all(file, bytes);
  const int write_error = errno;
  ::close(file);
  if (written && ::rename(temporary.c_str(), to.c_str()) == 0) return {};
  const int error = written ? errno : write_error;
  ::unlink(temporary.c_str());
  return cannot("program cache: cannot write", to, error);
}

}  // namespace troika
