// The demo as a user starts it, on small pictures.
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <map>
#include <numeric>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sys/wait.h>

#include "examples/picture.h"
#include "tests/temporary_folder.h"

namespace troika {
namespace {

using nlohmann::json;

class Demo : public testing::Test {
 protected:
  Demo() {
    Picture picture(96, 64, 3);
    for (std::size_t i = 0; i < picture.samples.size(); ++i)
      picture.samples[i] = static_cast<std::uint8_t>(i * i % 251);
    EXPECT_TRUE(write_png(path("in.png"), picture).ok());
  }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  // The exit code; what it printed is in `printed_`.
  int start(const std::string& options) {
    const std::string command = std::string{TROIKA_DEMO} + " " + options + " --output " +
                                path("out.png") + " --trace " + path("trace.json") + " --report " +
                                path("report.html") + " --json " + path("out.json") + " > " +
                                path("printed") + " 2>&1";
    const int status = std::system(command.c_str());
    printed_ = text(path("printed"));
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  static std::string text(const std::string& name) {
    std::ifstream file{name};
    return {std::istreambuf_iterator<char>{file}, {}};
  }
  json trace() const { return json::parse(text(path("trace.json"))); }
  json report() const { return json::parse(text(path("out.json"))); }

  TemporaryFolder folder_;
  std::string printed_;
};

TEST_F(Demo, computes_every_pixel_on_all_devices_without_copying_a_byte) {
  ASSERT_EQ(start(path("in.png") + " --repeat 2"), 0) << printed_;
  const json got = report();
  EXPECT_EQ(got["exact"], true);
  EXPECT_EQ(got["bytes_copied"], 0);
  EXPECT_EQ(got["devices"][0], "host");
  std::size_t tasks = 0;
  for (const auto& [device, count] : got["tasks_by_device"].items()) {
    // A cold cost model tries every kernel on every device.
    EXPECT_GE(count.get<int>(), 11) << device;
    tasks += count.get<std::size_t>();
    EXPECT_GT(got["makespan_ms"][device].get<double>(), 0) << device;
  }
  EXPECT_EQ(got["tasks_by_device"].size(), got["devices"].size());
  EXPECT_GE(tasks, 2U * 500U);
  EXPECT_EQ(tasks % 20, 2U);  // in each of two runs ten kernels a tile, and the tone curve
  EXPECT_GT(got["makespan_ms"]["all"].get<double>(), 0);
  EXPECT_GT(got["predicted_ms"].get<double>(), 0);
  const auto picture = read_picture(path("out.png"));
  ASSERT_TRUE(picture.ok()) << picture.status().to_string();
  EXPECT_GE(picture->width * picture->height, 8'000'000);
  EXPECT_THAT(printed_, testing::HasSubstr("Every pixel of every run equals the reference's."));
  EXPECT_THAT(printed_, testing::Not(testing::HasSubstr("\r")));  // no bar without a terminal
}

TEST_F(Demo, keeps_to_the_devices_and_the_tiles_asked_for) {
  ASSERT_EQ(start(path("in.png") + " --devices host --tiles 9 --repeat 1 --policy round_robin"), 0)
      << printed_;
  const json got = report();
  EXPECT_EQ(got["devices"], json::array({"host"}));
  EXPECT_EQ(got["tasks_by_device"].size(), 1U);
  const int tasks = got["tasks_by_device"]["host"].get<int>();
  EXPECT_GE(tasks, 91);
  EXPECT_LT(tasks, 300);
}

TEST_F(Demo, leaves_a_trace_with_every_task_and_every_byte_handed_over_in_it) {
  ASSERT_EQ(start(path("in.png") + " --repeat 1"), 0) << printed_;
  const json trace = this->trace();
  std::size_t tasks = 0;
  std::uint64_t handed_over = 0;
  for (const json& event : trace["traceEvents"]) {
    tasks += event.value("cat", "") == "task";
    if (event.value("cat", "") == "hand_over")
      handed_over += event["args"]["bytes"].get<unsigned>();
  }
  std::size_t expected = 0;
  const json got = report();
  for (const auto& [device, count] : got["tasks_by_device"].items())
    expected += count.get<std::size_t>();
  EXPECT_EQ(tasks, expected);
  EXPECT_EQ(handed_over, got["bytes_handed_over"]);
  EXPECT_EQ(trace["otherData"]["dropped"], 0);
}

// Two CUDA devices of the emulated driver's, with memory of their own, beside what else there is.
TEST_F(Demo, is_exact_with_cuda_devices_too_and_every_byte_copied_is_in_its_trace) {
  if (std::getenv("EMULATED_CUDA_SCHEDULER") == nullptr)
    GTEST_SKIP() << "unavailable: the emulated CUDA driver is not there";
  ASSERT_EQ(start(path("in.png") + " --enlarge 2 --tiles 12 --repeat 2"), 0) << printed_;
  const json got = report();
  EXPECT_EQ(got["exact"], true);
  for (const char* const device : {"host", "cuda0", "cuda1"})
    EXPECT_THAT(got["devices"], testing::Contains(device));
  for (const auto& [device, count] : got["tasks_by_device"].items())
    EXPECT_GE(count.get<int>(), 11) << device;
  std::uint64_t copied = 0;
  const json trace = this->trace();
  for (const json& event : trace["traceEvents"])
    if (event.value("cat", "") == "copy") copied += event["args"]["bytes"].get<std::uint64_t>();
  EXPECT_GT(copied, 0U);
  EXPECT_EQ(copied, got["bytes_copied"]);
}

// Perfetto closes a slice that another one cuts, and says so in its statistics.
TEST_F(Demo, leaves_a_trace_in_which_the_slices_of_a_track_nest) {
  ASSERT_EQ(start(path("in.png") + " --repeat 1"), 0) << printed_;
  std::map<std::pair<int, int>, std::vector<std::pair<std::int64_t, std::int64_t>>> tracks;
  const auto nanos = [](const json& micros) {
    return static_cast<std::int64_t>(std::llround(1e3 * micros.get<double>()));
  };
  const json document = trace();
  for (const json& event : document["traceEvents"]) {
    if (event["ph"] != "X") continue;
    const std::int64_t begin = nanos(event["ts"]);
    tracks[{event["pid"], event["tid"]}].emplace_back(begin, begin + nanos(event["dur"]));
  }
  EXPECT_FALSE(tracks.empty());
  for (const auto& [track, slices] : tracks) {
    std::vector<std::int64_t> open;  // ends, the innermost last; slices come by their beginning
    for (const auto& [begin, end] : slices) {
      while (!open.empty() && open.back() <= begin) open.pop_back();
      EXPECT_TRUE(open.empty() || end <= open.back()) << "track " << track.second;
      open.push_back(end);
    }
  }
}

TEST_F(Demo, leaves_a_report_that_knows_each_run_and_its_graph) {
  ASSERT_EQ(start(path("in.png") + " --repeat 2"), 0) << printed_;
  const std::string page = text(path("report.html"));
  const std::size_t begin = page.find('{', page.find("id=\"report\""));
  const json data = json::parse(page.substr(begin, page.find("</script>", begin) - begin));
  ASSERT_EQ(data["runs"].size(), 3U) << "two that count, and one of which everything is told";
  for (const json& run : data["runs"]) {
    const json& graph = data["graphs"][run["graph"].get<std::size_t>()];
    EXPECT_GE(graph["tasks"], 500);
    EXPECT_GE(graph["successors"].size(), graph["tasks"].get<std::size_t>());
  }
}

TEST_F(Demo, says_what_is_wrong_with_its_command_line) {
  EXPECT_NE(start(path("in.png") + " --devices gpu7"), 0);
  EXPECT_THAT(printed_, testing::HasSubstr("no device is called 'gpu7'"));
  EXPECT_NE(start(path("nothing.png")), 0);
  EXPECT_THAT(printed_, testing::HasSubstr("nothing.png"));
  EXPECT_NE(start(path("in.png") + " --policy best"), 0);
  EXPECT_THAT(printed_, testing::HasSubstr("load_aware"));
}

}  // namespace
}  // namespace troika
