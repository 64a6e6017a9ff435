// Host pages that are pinned for a device's DMA, once that pays.
#include <array>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/sim/late_devices.h"

namespace troika::oracle {
namespace {

// What was asked of a memory, and is pinned now.
struct Pinned {
  enum class As : std::uint8_t { asked, refused, needless };
  As answer = As::asked;
  int asked = 0;
  std::set<const std::byte*> now;
};

class PinnedPages final : public Pin {
 public:
  PinnedPages(Pinned& all, const std::byte* at) : all_{all}, at_{at} { all_.now.insert(at_); }
  ~PinnedPages() override { all_.now.erase(at_); }

 private:
  Pinned& all_;
  const std::byte* at_;
};

class PinningDevice final : public WrappedDevice, public Memory {
 public:
  PinningDevice(std::unique_ptr<Device> device, Pinned& pinned)
      : WrappedDevice{std::move(device)}, pinned_{pinned} {}

  Memory& memory() noexcept override { return *this; }
  SpaceId space() const noexcept override { return info_.space; }
  std::size_t bytes_free() const noexcept override { return inner().bytes_free(); }
  Result<std::unique_ptr<Allocation>> allocate(const AllocOp& op) override {
    return inner().allocate(op);
  }
  Result<std::unique_ptr<Allocation>> attach(const Allocation& same_space) override {
    return inner().attach(same_space);
  }
  Result<std::unique_ptr<Pin>> pin(std::span<std::byte> host) override {
    pinned_.asked += 1;
    if (pinned_.answer == Pinned::As::refused) return Status{Code::unsupported, "not these"};
    if (pinned_.answer == Pinned::As::needless) return std::unique_ptr<Pin>{};
    return std::unique_ptr<Pin>{std::make_unique<PinnedPages>(pinned_, host.data())};
  }

 private:
  Memory& inner() const noexcept {
    return const_cast<PinningDevice*>(this)->WrappedDevice::memory();
  }

  Pinned& pinned_;
};

class Pinning : public testing::Test {
 protected:
  // A page takes 14 us from dev0 to the host, half of it for want of a pin; a pin costs 50.
  static constexpr std::size_t page_bytes = 4096, words = page_bytes / sizeof(Word);

  Pinning() : on{small_machine(), coming_later({"dev0"})} {
    on.runtime->add_device(
        std::make_unique<PinningDevice>(std::move(on.late.extract("dev0").mapped()), pinned));
  }

  // dev0 writes the buffer and the host reads it: one copy each time. The last run.
  troika::Run copy(const Buffer<Word>& buffer, int times) {
    for (;;) {
      Graph graph;
      const AnyArg args[] = {{Access::write, static_cast<Operand>(buffer.view())}, Word{7}};
      graph.add("make", std::span<const AnyArg>{args}).only_on("dev0");
      troika::Run run = on.runtime->run(graph);
      run.wait();
      static_cast<void>(buffer.read());
      if (--times == 0) return run;
    }
  }

  Pinned pinned;
  Simulated on;
  alignas(page_bytes) std::array<Word, 2 * words> pages{};
  const std::span<Word> memory = std::span{pages}.first(words);
};

TEST_F(Pinning, begins_when_copies_have_lost_what_it_costs) {
  const Buffer<Word> x = on.runtime->adopt(memory);
  copy(x, 5);
  EXPECT_EQ(pinned.asked, 0);
  copy(x, 15);
  EXPECT_EQ(pinned.asked, 1);
  EXPECT_EQ(on.runtime->counters().pins, 1U);
  EXPECT_EQ(pinned.now.count(reinterpret_cast<const std::byte*>(memory.data())), 1U);
}

TEST_F(Pinning, is_over_before_the_users_memory_may_go) {
  std::optional<troika::Run> kept;  // what the runtime knows of the buffer lives as long
  {
    const Buffer<Word> x = on.runtime->adopt(memory);
    kept = copy(x, 20);
    ASSERT_EQ(pinned.now.size(), 1U);
  }
  EXPECT_TRUE(pinned.now.empty());
}

TEST_F(Pinning, is_over_before_our_own_memory_is_freed) {
  {
    const Buffer<Word> x = on.runtime->buffer<Word>(words);
    copy(x, 20);
    ASSERT_EQ(pinned.now.size(), 1U);
  }
  on.end();
  EXPECT_TRUE(pinned.now.empty());
}

// Drivers refuse to copy what lies in pinned pages in part, and that may be another buffer's.
TEST_F(Pinning, is_not_asked_for_pages_that_hold_something_else_too) {
  const Buffer<Word> x = on.runtime->adopt(std::span{pages}.subspan(words / 2, words));
  const Buffer<Word> y = on.runtime->adopt(std::span{pages}.first(words / 2));
  copy(x, 40);
  copy(y, 40);
  EXPECT_EQ(pinned.asked, 0);
}

TEST_F(Pinning, that_is_refused_is_not_asked_for_again) {
  pinned.answer = Pinned::As::refused;
  const Buffer<Word> x = on.runtime->adopt(memory);
  copy(x, 40);
  EXPECT_EQ(pinned.asked, 1);
  EXPECT_EQ(on.runtime->counters().pins, 0U);
}

TEST_F(Pinning, is_asked_of_a_device_once_that_needs_none) {
  pinned.answer = Pinned::As::needless;
  const Buffer<Word> x = on.runtime->adopt(memory);
  const Buffer<Word> y = on.runtime->buffer<Word>(words);
  copy(x, 20);
  copy(y, 20);
  EXPECT_EQ(pinned.asked, 1);
}

TEST_F(Pinning, is_told_by_explain_beside_what_copies_take) {
  const Buffer<Word> x = on.runtime->adopt(memory);
  Graph graph;
  const AnyArg args[] = {{Access::commute, static_cast<Operand>(x.view())}, Word{7}};
  const TaskRef task = graph.add("bump", std::span<const AnyArg>{args});
  const Plan plan = on.runtime->compile(graph);
  EXPECT_EQ(
      plan.explain(task),
      "  host: able\n"
      "  dev0: able, on copies of its own; from the host's pages 14 us, as its driver says\n");
}

}  // namespace
}  // namespace troika::oracle
