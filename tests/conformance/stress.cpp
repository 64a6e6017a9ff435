// Random work on several queues against a serial oracle.
#include <random>

#include "tests/conformance/check.h"

using namespace troika;
using namespace troika::conformance;

TROIKA_PROVE(stress, random_work_on_two_queues_equals_the_serial_oracle) {
  constexpr std::size_t buffers = 5;
  constexpr std::size_t words = 32;
  constexpr std::size_t bytes = 4 * words;
  constexpr int operations = 3'000;
  TROIKA_NEED(LoadedKernel * mix, kernel(SuiteKernel::mix));
  std::vector<Stream*> queues{&stream(0), &stream(device().info().lanes - 1)};
  std::vector<Allocation*> memory;
  std::vector<std::vector<std::uint32_t>> oracle(buffers, std::vector<std::uint32_t>(words, 1));
  std::vector<Timepoint> last_use(buffers);
  for (std::size_t b = 0; b < buffers; ++b) {
    memory.push_back(&allocate(bytes));
    write(*queues[0], *memory[b], oracle[b]);
  }
  std::mt19937 random{20'231'107};
  const auto pick = [&](std::size_t n) { return static_cast<std::size_t>(random()) % n; };
  std::vector<Timepoint> last_on(queues.size());
  for (int i = 0; i < operations; ++i) {
    const std::size_t q = pick(queues.size());
    Stream& queue = *queues[q];
    const std::size_t a = pick(buffers);
    const std::size_t b = pick(buffers);
    for (const std::size_t used : {a, b}) {
      if (last_use[used].trivial() || last_use[used].queue == queue.id) continue;
      ASSERT_TRUE(queue->wait_for(last_use[used]).ok());
    }
    const auto value = static_cast<std::uint32_t>(random());
    Result<Timepoint> point = Timepoint{};
    switch (a == b ? pick(2) : pick(3)) {
      case 0: {
        const std::vector<KernelArg> args{arg(*memory[a]), arg(value), arg(5U),
                                          arg(static_cast<std::int32_t>(words))};
        point = queue->launch(launch_of(mix, args, words));
        for (auto& word : oracle[a]) word = word * value + 5;
        break;
      }
      case 1: {
        const std::size_t from = pick(words);
        point = queue->fill({row(*memory[a], 4 * from, bytes - 4 * from), Scalar::of(value)});
        std::fill(oracle[a].begin() + static_cast<std::ptrdiff_t>(from), oracle[a].end(), value);
        break;
      }
      default:
        point = queue->copy({row(*memory[a], 0, bytes / 2), row(*memory[b], bytes / 2, bytes / 2)});
        std::copy_n(oracle[a].begin(), words / 2,
                    oracle[b].begin() + static_cast<std::ptrdiff_t>(words / 2));
        break;
    }
    ASSERT_TRUE(point.ok()) << i << ": " << point.status().to_string();
    last_use[a] = last_use[b] = *point;
    last_on[q] = *point;
    // Flushed at odd moments; now and then everything arrives, to stay below the capacity.
    if (i % 7 == 0) {
      ASSERT_TRUE(queue->flush().ok());
    }
    if (i % 60 == 59 || i == operations - 1) {
      for (auto* each : queues) ASSERT_TRUE(each->queue->flush().ok());
      for (std::size_t each = 0; each < queues.size(); ++each)
        ASSERT_TRUE(arrives(*queues[each], last_on[each]));
    }
  }
  for (std::size_t b = 0; b < buffers; ++b)
    EXPECT_EQ(read<std::uint32_t>(*queues[0], *memory[b], words), oracle[b]) << "buffer " << b;
}
