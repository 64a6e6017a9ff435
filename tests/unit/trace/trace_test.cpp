#include "runtime/trace/trace.h"

#include <atomic>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace troika {
namespace {

TraceEvent at(Nanos begin, Nanos end) {
  TraceEvent event;
  event.begin = begin;
  event.end = end;
  return event;
}

TEST(Trace, gathers_every_recorder_in_order_of_time) {
  Trace trace{TraceOptions{}};
  Recorder& first = trace.add_recorder();
  Recorder& second = trace.add_recorder();
  second.record(at(Nanos{5}, Nanos{6}));
  first.record(at(Nanos{3}, Nanos{4}));
  first.record(at(Nanos{3}, Nanos{9}));
  const TraceSnapshot snapshot = trace.snapshot();
  ASSERT_EQ(snapshot.events.size(), 3u);
  EXPECT_EQ(snapshot.events[0].end, Nanos{9});  // the longer one encloses the other
  EXPECT_EQ(snapshot.events[1].end, Nanos{4});
  EXPECT_EQ(snapshot.events[2].end, Nanos{6});
}

TEST(Trace, records_nothing_while_it_is_off) {
  Trace trace{TraceOptions{.level = TraceLevel::off}};
  Recorder& recorder = trace.add_recorder();
  EXPECT_FALSE(recorder.on());
  recorder.record(at(Nanos{1}, Nanos{2}));
  EXPECT_TRUE(trace.snapshot().events.empty());
  EXPECT_EQ(trace.snapshot().dropped, 0u);
  trace.set_level(TraceLevel::full);
  EXPECT_TRUE(recorder.full());
  recorder.record(at(Nanos{1}, Nanos{2}));
  EXPECT_EQ(trace.snapshot().events.size(), 1u);
}

TEST(Trace, counts_what_its_recorders_dropped) {
  Trace trace{TraceOptions{.ring_events = 2}};
  Recorder& one = trace.add_recorder();
  Recorder& other = trace.add_recorder();
  for (int i = 0; i < 5; ++i) one.record(TraceEvent{});
  for (int i = 0; i < 3; ++i) other.record(TraceEvent{});
  EXPECT_EQ(trace.snapshot().dropped, 4u);
}

TEST(Trace, forgets_the_oldest_beyond_its_limit_and_counts_them) {
  Trace trace{TraceOptions{.kept_events = 3}};
  Recorder& recorder = trace.add_recorder();
  for (int i = 0; i < 5; ++i) recorder.record(at(Nanos{i}, Nanos{i}));
  const TraceSnapshot snapshot = trace.snapshot();
  ASSERT_EQ(snapshot.events.size(), 3u);
  EXPECT_EQ(snapshot.events.front().begin, Nanos{2});
  EXPECT_EQ(snapshot.forgotten, 2u);
}

TEST(Trace, gives_equal_texts_one_name_and_stops_at_the_limit) {
  Trace trace{TraceOptions{.names_max = 3}};
  const NameId blur = trace.intern("blur");
  const NameId sharpen = trace.intern("sharpen");
  EXPECT_NE(blur, sharpen);
  EXPECT_EQ(trace.intern("blur"), blur);
  const NameId beyond = trace.intern("one too many");
  EXPECT_EQ(trace.intern("blur"), blur);
  const TraceSnapshot snapshot = trace.snapshot();
  EXPECT_EQ(snapshot.names.at(blur.value), "blur");
  EXPECT_EQ(snapshot.names.at(beyond.value), "(too many names)");
}

TaskRecord task_at(std::uint32_t number) {
  return {Nanos{number}, Nanos{number + 1}, RunId{7}, NameId{0}, TaskIndex{number}};
}

TEST(Trace, keeps_single_tasks_beside_its_events) {
  Trace trace{TraceOptions{.ring_events = 2}};
  const TrackId track = trace.add_track("host", "worker 0");
  TaskWriter tasks{trace, track};
  constexpr std::uint32_t count = 3 * TaskBlock::room + 5;
  for (std::uint32_t i = 0; i < count; ++i) tasks.record(task_at(i));
  const TraceSnapshot snapshot = trace.snapshot();
  ASSERT_EQ(snapshot.events.size(), count);
  for (std::uint32_t i = 0; i < count; ++i) {
    const TraceEvent& event = snapshot.events[i];
    ASSERT_EQ(event.task.value, i);
    ASSERT_EQ(event.end, Nanos{i + 1});
    ASSERT_EQ(event.run, RunId{7});
    ASSERT_EQ(event.track, track);
    ASSERT_EQ(event.kind, EventKind::task);
  }
  EXPECT_EQ(snapshot.dropped + snapshot.forgotten, 0U);
}

TEST(Trace, forgets_the_oldest_tasks_beyond_so_many_bytes_and_counts_them) {
  Trace trace{TraceOptions{.kept_task_bytes = 2 * sizeof(TaskBlock)}};
  TaskWriter tasks{trace, TrackId{0}};
  constexpr std::uint32_t count = 10 * TaskBlock::room;
  for (std::uint32_t i = 0; i < count; ++i) tasks.record(task_at(i));
  const TraceSnapshot snapshot = trace.snapshot();
  EXPECT_EQ(snapshot.events.size(), 2 * TaskBlock::room);
  EXPECT_EQ(snapshot.events.size() + snapshot.forgotten, count);
  EXPECT_EQ(snapshot.events.back().task.value, count - 1);
}

TEST(Trace, can_be_read_while_threads_record_tasks) {
  constexpr std::uint32_t each = 20 * TaskBlock::room;
  Trace trace{TraceOptions{.kept_task_bytes = 8 * sizeof(TaskBlock)}};
  std::atomic<int> running{3};
  std::vector<std::thread> threads;
  threads.reserve(3);
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&] {
      TaskWriter tasks{trace, TrackId{0}};
      for (std::uint32_t i = 0; i < each; ++i) tasks.record(task_at(i));
      running -= 1;
    });
  }
  while (running != 0)
    for (const TraceEvent& event : trace.snapshot().events)
      ASSERT_EQ(event.end, event.begin + Nanos{1});
  for (auto& thread : threads) thread.join();
  const TraceSnapshot snapshot = trace.snapshot();
  EXPECT_EQ(snapshot.events.size() + snapshot.forgotten, 3 * each);
}

TEST(Trace, can_be_read_while_threads_record) {
  constexpr std::uint64_t each = 20'000;
  Trace trace{TraceOptions{.ring_events = 256}};
  std::atomic<int> running{3};
  std::vector<std::thread> threads;
  threads.reserve(3);
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&] {
      Recorder& recorder = trace.add_recorder();
      TraceEvent event;
      event.name = trace.intern("tick");
      for (std::uint64_t i = 0; i < each; ++i) recorder.record(event);
      running -= 1;
    });
  }
  while (running != 0) trace.collect();
  for (auto& thread : threads) thread.join();
  const TraceSnapshot snapshot = trace.snapshot();
  EXPECT_EQ(snapshot.events.size() + snapshot.dropped, 3 * each);
}

}  // namespace
}  // namespace troika
