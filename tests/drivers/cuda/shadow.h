// Who last read and wrote each byte of an allocation: the happens-before race detector's memory.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace cuda_emulator {

enum class Access : std::uint8_t { read, write, atomic };

using OpId = std::uint32_t;  // of an operation; 0: none

// The operation whose accesses are noted.
class Observer {
 public:
  explicit Observer(OpId id) : id_(id) {}
  virtual ~Observer() = default;
  OpId id() const { return id_; }

  // Whether the earlier operation is over, by events and stream order, before this one begins.
  bool follows(OpId earlier) {
    if (earlier == known_) return true;
    if (!ordered_after(earlier)) return false;
    known_ = earlier;
    return true;
  }
  // Two accesses to the same bytes that nothing orders. Throws Fault if races are to fail.
  virtual void race(OpId earlier, bool earlier_wrote, Access now, std::uint64_t offset) = 0;

 protected:
  virtual bool ordered_after(OpId earlier) = 0;

 private:
  OpId id_;
  OpId known_ = 0;  // the last one found to be ordered
};

// Notes are kept for words of four bytes, with the bytes of the word that were touched: neighbours
// in one word do not disturb each other. Of concurrent readers only the last is remembered, and of
// writers of different bytes of a word too: races may be missed, none is invented.
// Several threads may note at once.
class Shadow {
 public:
  explicit Shadow(std::uint64_t bytes);
  ~Shadow();
  Shadow(const Shadow&) = delete;
  Shadow& operator=(const Shadow&) = delete;

  void note(Observer& observer, std::uint64_t offset, std::uint64_t bytes, Access access) {
    const std::uint64_t end = offset + bytes;
    for (std::uint64_t word = offset / 4; word * 4 < end; ++word) {
      std::uint32_t mask = 0xF;
      if (word * 4 < offset) mask &= 0xFu << (offset - word * 4);
      if (word * 4 + 4 > end) mask &= 0xFu >> (word * 4 + 4 - end);
      note_word(observer, word, mask, access);
    }
  }

 private:
  // A note: the operation, whether atomically, and which bytes.
  static constexpr std::uint32_t atomic_bit = 1u << 4;
  static OpId op_of(std::uint32_t note) { return note >> 5; }

  void note_word(Observer& observer, std::uint64_t word, std::uint32_t mask, Access access) {
    const std::atomic_ref writer(writers_[word]), reader(readers_[word]);
    const std::uint32_t mine =
        observer.id() << 5 | (access == Access::atomic ? atomic_bit : 0) | mask;
    const std::uint32_t wrote = writer.load(std::memory_order_relaxed);
    const std::uint32_t read = reader.load(std::memory_order_relaxed);
    if (access == Access::read) {
      if (read == mine && (wrote == 0 || op_of(wrote) == observer.id())) return;
      check(observer, wrote, mine, access, word, true);
      reader.store(joined(read, mine), std::memory_order_relaxed);
    } else {
      if (wrote != mine) check(observer, wrote, mine, access, word, true);
      check(observer, read, mine, access, word, false);
      writer.store(joined(wrote, mine), std::memory_order_relaxed);
    }
  }

  static std::uint32_t joined(std::uint32_t old, std::uint32_t mine) {
    if (op_of(old) != op_of(mine)) return mine;
    return (mine | (old & 0xF)) & (old | ~atomic_bit);
  }

  static void check(Observer& observer, std::uint32_t earlier, std::uint32_t mine, Access access,
                    std::uint64_t word, bool earlier_wrote) {
    if (earlier == 0 || op_of(earlier) == op_of(mine) || (earlier & mine & 0xF) == 0) return;
    if ((earlier & mine & atomic_bit) != 0) return;
    if (!observer.follows(op_of(earlier)))
      observer.race(op_of(earlier), earlier_wrote, access, word * 4);
  }

  std::uint64_t map_bytes_;
  std::uint32_t* writers_;
  std::uint32_t* readers_;
};

}  // namespace cuda_emulator
