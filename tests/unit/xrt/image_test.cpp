// A device with several images: work of one goes before a load, loads cost no byte.
#include "tests/unit/xrt/fixture.h"

namespace troika::xrt {
namespace {

using testing::HasSubstr;

constexpr int n = 1000;

class XrtImages : public XrtDeviceTest {
 protected:
  void open_both() {
    open(image_option("suite") + "," + image_option("other"));
    auto first = load("suite_mix", "b444"), second = load("other_double", "bb4");
    ASSERT_TRUE(first.ok() && second.ok());
    mix_kernel = *std::move(first);
    double_kernel = *std::move(second);
  }

  std::unique_ptr<LoadedKernel> mix_kernel, double_kernel;
};

TEST_F(XrtImages, loading_another_one_loses_no_byte) {
  open_both();
  const auto x = allocate(n), y = allocate(n), aside = allocate(n);
  fill(*x, 1);
  fill(*aside, 77);
  int expected = 1;
  for (int i = 0; i < 5; ++i) {
    arrive(*queue, mix(*queue, *mix_kernel, *x, 3, i, n));
    arrive(*queue, launch(*double_kernel, *x, *y, n));
    expected = expected * 3 + i;
    EXPECT_EQ(word(*y, n - 1), 2 * expected) << i;
  }
  EXPECT_EQ(word(*x, 0), expected);
  EXPECT_EQ(word(*aside, n - 1), 77);
  EXPECT_TRUE(reports.failures().empty()) << failure();
}

TEST_F(XrtImages, launches_of_both_in_flight_on_two_queues_all_arrive) {
  open_both();
  const auto other_queue = make_queue(2);
  const auto x = allocate(n), y = allocate(n), z = allocate(n);
  fill(*x, 1);
  fill(*y, 4);
  Result<Timepoint> mixed = Timepoint{}, doubled = Timepoint{};
  for (int i = 0; i < 50; ++i) {
    mixed = mix(*other_queue, *mix_kernel, *x, 1, 1, n);
    ASSERT_TRUE(mixed.ok());
    doubled = launch(*double_kernel, *y, *z, n);
    ASSERT_TRUE(doubled.ok());
  }
  ASSERT_TRUE(queue->flush().ok());
  arrive(*other_queue, mixed);
  arrive(*queue, doubled);
  EXPECT_EQ(word(*x, n - 1), 51);
  EXPECT_EQ(word(*z, n - 1), 8);
  EXPECT_TRUE(reports.failures().empty()) << failure();
}

TEST_F(XrtImages, a_load_that_fails_fails_the_launch_and_the_next_one_loads) {
  suffer("no_load@3");  // two cards are opened with one
  open_both();
  const auto x = allocate(n), y = allocate(n);
  fill(*x, 21);
  arrive(*queue, launch(*double_kernel, *x, *y, n));
  EXPECT_THAT(failure(), HasSubstr("launch of other_double"));
  EXPECT_THAT(failure(), HasSubstr("other.xclbin"));
  arrive(*queue, launch(*double_kernel, *x, *y, n));
  EXPECT_EQ(word(*y, n - 1), 42);
}

// A clock that stands still until it is moved, and nothing else.
class Clock final : public Environment {
 public:
  Nanos now() const noexcept override { return at; }
  void attach(Service&) override {}
  void detach() noexcept override {}
  void call_soon() noexcept override {}
  void call_at(Nanos) noexcept override {}
  bool wait(Event&, Nanos) override { return false; }

  Nanos at{0};
};

// Loads are decided without a card: may_load() and what it is told of.
class XrtWishes : public XrtTest {
 protected:
  void SetUp() override {
    XrtTest::SetUp();
    std::vector<Image> images;
    for (const char* const name : {"suite", "other"})
      images.push_back(*read_image(std::string{model_folder} + name + ".xclbin"));
    card.emplace("xrt0", ::xrt::device{0}, std::move(images), clock);
    ASSERT_TRUE(card->load(0).ok());
  }

  Clock clock;
  std::optional<Card> card;
  Wish wish;
};

TEST_F(XrtWishes, wait_while_anything_is_in_flight) {
  card->begin_work(false);
  EXPECT_FALSE(card->may_load(wish, 1));
  EXPECT_EQ(card->ask_again(wish), forever);
  card->end_work();
  EXPECT_TRUE(card->may_load(wish, 1));
  card->forget(wish);
}

TEST_F(XrtWishes, wait_while_launches_on_the_loaded_image_keep_coming) {
  for (int i = 0; i < 5; ++i) {
    card->begin_work(true);
    card->end_work();
    EXPECT_FALSE(card->may_load(wish, 1));
    EXPECT_EQ(card->ask_again(wish), Nanos{0});
    EXPECT_FALSE(card->is_held());
  }
  EXPECT_TRUE(card->may_load(wish, 1));
  card->forget(wish);
}

TEST_F(XrtWishes, hold_back_the_loaded_image_once_they_are_overdue_and_not_after) {
  card->begin_work(true);
  EXPECT_FALSE(card->may_load(wish, 1));
  clock.at += std::chrono::seconds{3};
  EXPECT_TRUE(card->is_held());
  card->end_work();
  EXPECT_TRUE(card->may_load(wish, 1));
  card->forget(wish);
  EXPECT_FALSE(card->is_held());
}

TEST_F(XrtWishes, loading_is_as_dear_as_it_was_last) {
  EXPECT_EQ(card->load_cost(1), Nanos{0});
  ASSERT_TRUE(card->load(1).ok());
  EXPECT_EQ(card->loaded(), 1);
  EXPECT_EQ(card->load_cost(1), Nanos{0}) << "the clock stood still";
}

}  // namespace
}  // namespace troika::xrt
