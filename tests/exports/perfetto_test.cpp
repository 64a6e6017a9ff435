// Perfetto's own parser on an exported trace.
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/trace/chrome_json.h"
#include "tests/exports/program.h"
#include "tests/temporary_folder.h"

namespace troika {
namespace {

TEST(Perfetto, takes_every_slice_of_a_trace_and_complains_of_nothing) {
  const auto parser = find_program({"trace_processor_shell", "trace_processor"});
  // PyPI's perfetto has only what downloads it, from elsewhere than a package registry.
  if (!parser) GTEST_SKIP() << "Perfetto's trace_processor_shell is not in PATH";
  Trace trace{TraceOptions{}};
  const TrackId lane = trace.add_track("host", "lane \"0\"");
  Recorder& recorder = trace.add_recorder();
  const auto record = [&](EventKind kind, std::int64_t begin, std::int64_t end) {
    TraceEvent event;
    event.kind = kind;
    event.begin = Nanos{begin};
    event.end = Nanos{end};
    event.name = trace.intern("blur");
    event.track = lane;
    recorder.record(event);
  };
  record(EventKind::burst, 1'000, 9'000);
  record(EventKind::task, 2'000, 4'001);
  record(EventKind::task, 4'001, 8'999);
  record(EventKind::failure, 9'500, 9'500);
  const TemporaryFolder folder;
  std::ofstream file{folder / "trace.json"};
  write_chrome_json(trace.snapshot(), file);
  file.close();
  std::ofstream{folder / "query.sql"}
      << "select 'slices: ' || count(*) as said from slice union all "
         "select 'errors: ' || ifnull(sum(value), 0) as said from stats "
         "where severity in ('error', 'data_loss');\n";
  const Said said = said_by(*parser + " -q " + (folder / "query.sql").string() + " " +
                            (folder / "trace.json").string());
  EXPECT_EQ(said.exit_code, 0) << said.text;
  EXPECT_THAT(said.text, testing::HasSubstr("slices: 4"));
  EXPECT_THAT(said.text, testing::HasSubstr("errors: 0"));
}

}  // namespace
}  // namespace troika
