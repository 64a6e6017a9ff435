#include "bench/saved_graph.h"

#include <algorithm>
#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <string_view>

#include <nlohmann/json.hpp>

namespace troika::bench {
namespace {

using nlohmann::json;

constexpr double micros_max = 10e6;
constexpr std::size_t bytes_max = std::size_t{1} << 34;

Status wrong(const std::string& field, const std::string& why) {
  return {Code::invalid_argument, field + ": " + why};
}

// Keys nobody reads are mistakes.
Status check_keys(const json& object, const std::string& field,
                  const std::set<std::string_view>& known) {
  if (!object.is_object()) return wrong(field, "is not an object");
  for (const auto& [key, value] : object.items())
    if (!known.contains(key)) return wrong(field, "has an unknown key '" + key + "'");
  return {};
}

class OwnFormat {
 public:
  Result<SavedGraph> read(const json& file) {
    TROIKA_TRY(check_keys(file, "the file", {"buffers", "tasks"}));
    const json buffers = file.value("buffers", json::object());
    if (!buffers.is_object()) return wrong("buffers", "is not an object of names and bytes");
    for (const auto& [name, bytes] : buffers.items()) {
      if (!bytes.is_number_unsigned() || bytes.get<std::size_t>() == 0 ||
          bytes.get<std::size_t>() > bytes_max)
        return wrong("buffers." + name,
                     "is not a number of bytes from 1 to " + std::to_string(bytes_max));
      index_[name] = graph_.buffers.size();
      graph_.buffers.push_back({name, bytes.get<std::size_t>()});
    }
    const json& tasks = file["tasks"];
    if (!tasks.is_array() || tasks.empty()) return wrong("tasks", "is not a list of tasks");
    for (std::size_t t = 0; t < tasks.size(); ++t)
      TROIKA_TRY(read_task(tasks[t], "tasks[" + std::to_string(t) + "]"));
    return std::move(graph_);
  }

 private:
  Status read_task(const json& task, const std::string& field) {
    TROIKA_TRY(check_keys(task, field, {"kernel", "us", "reads", "writes", "updates", "after"}));
    SavedGraph::Task read;
    if (!task.contains("kernel") || !task["kernel"].is_string() ||
        task["kernel"].get_ref<const std::string&>().empty())
      return wrong(field + ".kernel", "is not a name");
    read.kernel = task["kernel"];
    if (!task.contains("us") || !task["us"].is_number() || task["us"] < 0 ||
        task["us"] > micros_max)
      return wrong(field + ".us", "is not a number of microseconds from 0 to 10000000");
    read.micros = task["us"];
    TROIKA_TRY(read_uses(task, "reads", Access::read, field, read));
    TROIKA_TRY(read_uses(task, "writes", Access::write, field, read));
    TROIKA_TRY(read_uses(task, "updates", Access::update, field, read));
    TROIKA_TRY(read_after(task, field, read));
    return add(std::move(read), field);
  }

  Status read_uses(const json& task, const char* key, Access access, const std::string& field,
                   SavedGraph::Task& read) {
    const json names = task.value(key, json::array());
    if (!names.is_array()) return wrong(field + "." + key, "is not a list of buffers");
    for (std::size_t i = 0; i < names.size(); ++i) {
      const std::string at = field + "." + key + "[" + std::to_string(i) + "]";
      if (!names[i].is_string()) return wrong(at, "is not the name of a buffer");
      const auto found = index_.find(names[i].get_ref<const std::string&>());
      if (found == index_.end()) return wrong(at, "no buffer is called " + names[i].dump());
      for (const SavedGraph::Use& use : read.uses)
        if (use.buffer == found->second) return wrong(at, "the task names this buffer twice");
      read.uses.push_back({access, found->second});
    }
    return {};
  }

  Status read_after(const json& task, const std::string& field, SavedGraph::Task& read) {
    const json after = task.value("after", json::array());
    if (!after.is_array()) return wrong(field + ".after", "is not a list of earlier tasks");
    for (const json& earlier : after) {
      if (!earlier.is_number_unsigned() || earlier.get<std::size_t>() >= graph_.tasks.size())
        return wrong(field + ".after", earlier.dump() + " is not the number of an earlier task");
      read.after.push_back(earlier.get<std::uint32_t>());
    }
    return {};
  }

  // A kernel has one list of parameters.
  Status add(SavedGraph::Task task, const std::string& field) {
    const auto [first, is_new] = first_of_kernel_.emplace(task.kernel, graph_.tasks.size());
    if (!is_new && !std::ranges::equal(graph_.tasks[first->second].uses, task.uses, {},
                                       &SavedGraph::Use::access, &SavedGraph::Use::access))
      return wrong(field, "kernel '" + task.kernel + "' has other accesses in tasks[" +
                              std::to_string(first->second) + "]");
    graph_.tasks.push_back(std::move(task));
    return {};
  }

  SavedGraph graph_;
  std::map<std::string, std::size_t> index_, first_of_kernel_;
};

// Tasks of a lane in the order they began, each behind the one before it there.
Result<SavedGraph> from_trace(const json& events) {
  if (!events.is_array()) return wrong("traceEvents", "is not a list");
  SavedGraph graph;
  std::vector<std::pair<double, const json*>> tasks;
  std::uint64_t in_bursts = 0;
  for (std::size_t e = 0; e < events.size(); ++e) {
    const json& event = events[e];
    const std::string field = "traceEvents[" + std::to_string(e) + "]";
    if (!event.is_object()) return wrong(field, "is not an object");
    const std::string category = event.value("cat", "");
    if (category == "burst") in_bursts += event["args"].value("tasks", std::uint64_t{0});
    if (category != "task") continue;
    for (const char* key : {"ts", "pid", "tid"})
      if (!event.contains(key) || !event[key].is_number())
        return wrong(field + "." + key, "is not a number");
    if (!event.contains("name") || !event["name"].is_string())
      return wrong(field + ".name", "is not a name");
    if (event.contains("dur") && !event["dur"].is_number())
      return wrong(field + ".dur", "is not a number");
    tasks.emplace_back(event["ts"].get<double>(), &event);
  }
  std::ranges::stable_sort(tasks, {}, &std::pair<double, const json*>::first);
  std::map<std::pair<int, int>, std::uint32_t> last_of_lane;
  for (const auto& [begin, event] : tasks) {
    SavedGraph::Task task;
    task.kernel = (*event)["name"];
    task.micros = std::clamp(event->value("dur", 0.0), 0.0, micros_max);
    const auto [last, is_first] = last_of_lane.try_emplace({(*event)["pid"], (*event)["tid"]}, 0);
    if (!is_first) task.after.push_back(last->second);
    last->second = static_cast<std::uint32_t>(graph.tasks.size());
    graph.tasks.push_back(std::move(task));
  }
  if (in_bursts > 0)
    graph.notes.push_back(std::to_string(in_bursts) +
                          " tasks stand in the trace as bursts only and are left out");
  if (graph.tasks.empty()) return wrong("traceEvents", "holds no single task");
  return graph;
}

Result<SavedGraph> parse(const std::string& text) {
  json file;
  try {
    file = json::parse(text);
  } catch (const json::parse_error& error) {
    return Status{Code::invalid_argument, error.what()};  // it names line and column
  }
  if (file.is_object() && file.contains("traceEvents")) return from_trace(file["traceEvents"]);
  if (!file.is_object() || !file.contains("tasks"))
    return wrong("the file", "has neither 'tasks' nor 'traceEvents'");
  return OwnFormat{}.read(file);
}

}  // namespace

Result<SavedGraph> read_graph(const std::string& path) {
  std::ifstream file{path};
  const std::string text{std::istreambuf_iterator<char>{file}, {}};
  if (!file) return Status{Code::invalid_argument, "cannot read " + path};
  auto graph = parse(text);
  if (!graph.ok()) return graph.status().within(path);
  return graph;
}

}  // namespace troika::bench
