#include "runtime/exec/host_lane_count.h"
#include "runtime/exec/host_lane_deque.h"
#include "runtime/exec/host_lane_mail.h"
#include "runtime/exec/host_lane_word.h"
#include "tests/relacy/relacy_atomics.h"

namespace troika {
namespace {

using namespace testing;

constexpr std::uint64_t normal = 1u << 1;

enum class Look { twice, once };

// A worker publishes a task and stays busy; another one leaves. When both are done the task is
// taken, or somebody was invited. `announced` is what the word says already.
template <class Atomics, Look look, std::uint64_t announced>
struct PublishModel : rl::test_suite<PublishModel<Atomics, look, announced>, 2> {
  static constexpr unsigned workers = 2;
  Aligned<LaneDeque<Atomics>> deque{2};
  LaneWord<Atomics> word;
  bool taken = false, invited = false;

  void before() {
    for (unsigned w = 0; w < workers; ++w) RL_ASSERT(word.invite(word.peek(), workers));
    word.set(announced);
  }
  void thread(unsigned index) {
    if (index == 0) {
      deque->put({nullptr, 7, 0});
      deque->publish();
      const LaneWordView seen = word.announce(normal);
      invited = seen.present() < workers && word.invite(seen, workers);
      return;
    }
    LaneItem item;
    if (deque->steal(item) == Steal::got) {
      taken = true;
      return;
    }
    const LaneWordView left = word.leave();
    if (look == Look::once || !left.has(normal) || !deque->has_items()) return;
    if (word.come_back(word.peek(), workers)) {
      taken = deque->steal(item) == Steal::got;
      RL_ASSERT(taken);
    }
  }
  void after() { RL_ASSERT(taken || invited); }
};

TEST(RelacyWake, a_task_published_by_a_worker_is_not_stranded) {
  expect_holds<PublishModel<Written, Look::twice, 0>>(4, 100'000);
  expect_holds<PublishModel<Written, Look::twice, normal>>(4, 100'000);
}

TEST(RelacyWake, a_published_task_would_be_stranded_without_the_second_look) {
  expect_breaks<PublishModel<Written, Look::once, normal>>(4, 100'000);
}

TEST(RelacyWake, a_published_task_would_be_stranded_without_sequential_consistency) {
  expect_breaks<PublishModel<NoSeqCst, Look::twice, normal>>(4, 100'000);
}

// Threads from outside complete tasks of one run while the only worker leaves. No completion is
// lost, and each is read with what was written before it.
template <Look look>
struct MailModel : rl::test_suite<MailModel<look>, 3> {
  static constexpr unsigned workers = 1, posters = 2;
  struct Run {
    LaneMail<Run, Written> mail_;
    LaneCount<Written> counts[posters];
  };
  Run run;
  LaneMailbox<Run, Written> mailbox;
  LaneWord<Written> word;
  rl::var<unsigned> payload[posters];
  unsigned read = 0, tickets = 0;

  void before() { RL_ASSERT(word.invite(word.peek(), workers)); }
  void post(unsigned task) {
    payload[task](RL_INFO).store(task + 1);
    if (!run.mail_.add(task, run.counts[task])) return;
    mailbox.add(run);
    const LaneWordView seen = word.set(LaneWordView::mail);
    if (seen.present() < workers && word.invite(seen, workers)) ++tickets;
  }
  void read_mail() {
    word.clear(LaneWordView::mail);
    for (Run* with = mailbox.take(); with != nullptr;) {
      Run* const following = LaneMailbox<Run, Written>::next_of(*with);
      for (std::uint32_t task = with->mail_.take(); task != LaneMail<Run, Written>::none;) {
        RL_ASSERT(payload[task](RL_INFO).load() == task + 1);
        task = with->counts[task].take_link();
        ++read;
      }
      with = following;
    }
  }
  void work() {
    for (;;) {
      while (word.peek().has(LaneWordView::mail)) read_mail();
      const LaneWordView left = word.leave();
      if (look == Look::once || !left.has(LaneWordView::mail)) return;
      if (!word.come_back(word.peek(), workers)) return;
    }
  }
  void thread(unsigned index) {
    if (index < posters) post(index);
    else work();
  }
  // The tickets run now.
  void after() {
    RL_ASSERT(tickets <= posters);
    if (tickets != 0) read_mail();
    RL_ASSERT(read == posters);
  }
};

TEST(RelacyWake, completions_from_outside_are_not_stranded) {
  expect_holds<MailModel<Look::twice>>(3, 100'000);
}

TEST(RelacyWake, completions_would_be_stranded_without_the_second_look) {
  expect_breaks<MailModel<Look::once>>(3, 150'000);
}

// A worker with lower work at hand takes a class off the word that nobody seems to have, while
// another worker publishes a task of it: the task is seen, or announced.
template <class Atomics, Look look>
struct ClearModel : rl::test_suite<ClearModel<Atomics, look>, 2> {
  Aligned<LaneDeque<Atomics>> deque{2};
  LaneWord<Atomics> word;
  bool announced_again = false;

  void before() { word.set(normal); }
  void thread(unsigned index) {
    if (index == 0) {
      deque->put({nullptr, 7, 0});
      deque->publish();
      word.announce(normal);
      return;
    }
    if (deque->has_items()) return;
    word.clear(normal);
    if (look == Look::twice && deque->has_items()) word.set(normal);
  }
  void after() { RL_ASSERT(word.peek().has(normal)); }
};

TEST(RelacyWake, a_higher_class_is_announced_while_there_is_some_of_it) {
  expect_holds<ClearModel<Written, Look::twice>>(4, 100'000);
}

TEST(RelacyWake, a_higher_class_would_go_unseen_without_the_second_look) {
  expect_breaks<ClearModel<Written, Look::once>>(4, 100'000);
}

TEST(RelacyWake, a_higher_class_would_go_unseen_without_sequential_consistency) {
  expect_breaks<ClearModel<NoSeqCst, Look::twice>>(4, 100'000);
}

}  // namespace
}  // namespace troika
