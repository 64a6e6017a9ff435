#include "runtime/sched/find_outlook.h"

#include <algorithm>

#include "runtime/sched/ranks.h"
#include "runtime/sched/search.h"

namespace troika {
namespace {

// What decides for itself when a task is ready copes better with what was not predicted: an
// assignment has to be shorter by this.
constexpr double clearly = 0.99;
// A search begins with so many.
constexpr std::size_t starts = 8;

std::vector<unsigned> count_lanes(const TaskCosts& costs, std::span<const ForecastLane> lanes) {
  std::vector<unsigned> counts(costs.devices());
  for (const ForecastLane& lane : lanes) counts[lane.device.value] += 1;
  return counts;
}

// Courses of a graph by forecast, and the shortest of them as a choice.
class Portfolio {
 public:
  Portfolio(const TaskGraph& graph, const TaskCosts& costs, std::span<const ForecastLane> lanes)
      : graph_{graph}, costs_{costs}, lanes_{lanes}, lanes_of_{count_lanes(costs, lanes)} {
    schedule_.emplace(graph, costs, lanes_of_);
  }

  // False when some task can run on no lane.
  bool fill() {
    const std::vector<AlikeTasks> work = alike_tasks(graph_, costs_, lanes_of_);
    const Prices prices = find_prices(work, lanes_of_);
    paths_ = ranks(graph_, costs_);
    Nanos longest{0};
    for (const Nanos path : paths_) longest = std::max(longest, path);
    for (const Outlook::Style& style : outlook_styles()) {
      Outlook tried = outlook_of(work, prices, static_cast<double>(longest.count()), style);
      const auto course = forecast_by("affinity_pull", &tried);
      if (!course) return false;
      consider(*course);
      if (outlook_ && course->makespan >= makespan_) continue;
      outlook_ = std::move(tried);
      makespan_ = course->makespan;
    }
    for (const std::string_view policy : {"earliest_finish", "load_aware"})
      if (const auto course = forecast_by(policy, nullptr)) consider(*course);
    return true;
  }

  // The best style, and the best choice where that is clearly better.
  Outlook take(Spaces spaces) {
    sort();
    if (spaces == Spaces::one &&
        choices_.front().makespan < clearly * static_cast<double>(makespan_.count()))
      assign(choices_.front().choice);
    return *std::move(outlook_);
  }
  Outlook take_searched(std::uint64_t seed, const std::function<double()>& used) {
    sort();
    std::vector<ListSchedule::Choice> best;
    for (std::size_t i = 0; i < std::min(starts, choices_.size()); ++i)
      best.push_back(std::move(choices_[i].choice));
    assign(search(*schedule_, std::move(best), seed, used));
    return *std::move(outlook_);
  }

 private:
  std::optional<Forecast> forecast_by(std::string_view policy, const Outlook* outlook) const {
    const auto fresh = make_policy(policy);
    ForecastOptions options;
    options.outlook = outlook;
    auto course = forecast(graph_, costs_, lanes_, **fresh, options);
    return course.ok() ? std::optional{*std::move(course)} : std::nullopt;
  }

  // Its devices, with tasks in its order and by the paths behind them.
  void consider(const Forecast& course) {
    ListSchedule::Choice choice;
    for (const Forecast::Placement& task : course.tasks) {
      choice.group.push_back(schedule_->group_of(lanes_[task.lane.value].device));
      choice.turn.push_back(static_cast<double>(task.begin.count()));
    }
    consider(choice);
    for (std::size_t t = 0; t < paths_.size(); ++t)
      choice.turn[t] = -static_cast<double>(paths_[t].count());
    consider(choice);
  }
  void consider(const ListSchedule::Choice& choice) {
    choices_.push_back({schedule_->run(choice), choice});
  }

  // The shortest first, and one of those that are as long as one another.
  void sort() {
    std::ranges::stable_sort(choices_, {}, &Judged::makespan);
    const auto twins = std::ranges::unique(choices_, {}, &Judged::makespan);
    choices_.erase(twins.begin(), twins.end());
  }

  void assign(const ListSchedule::Choice& choice) {
    schedule_->run(choice);
    outlook_->assigned = schedule_->assignment();
  }

  struct Judged {
    double makespan;
    ListSchedule::Choice choice;
  };

  const TaskGraph& graph_;
  const TaskCosts& costs_;
  const std::span<const ForecastLane> lanes_;
  std::vector<unsigned> lanes_of_;
  std::vector<Nanos> paths_;
  std::optional<ListSchedule> schedule_;
  std::optional<Outlook> outlook_;  // of the best style
  Nanos makespan_{0};               // by it
  std::vector<Judged> choices_;
};

}  // namespace

std::optional<Outlook> price_outlook(const TaskGraph& graph, const TaskCosts& costs,
                                     std::span<const ForecastLane> lanes) {
  Nanos longest{0};
  for (const Nanos path : ranks(graph, costs)) longest = std::max(longest, path);
  const std::vector<unsigned> counts = count_lanes(costs, lanes);
  std::vector<AlikeTasks> work = alike_tasks(graph, costs, counts);
  const Prices prices = find_prices(work, counts);
  return outlook_of(std::move(work), prices, static_cast<double>(longest.count()), {});
}

std::optional<Outlook> find_outlook(const TaskGraph& graph, const TaskCosts& costs,
                                    std::span<const ForecastLane> lanes, Spaces spaces) {
  Portfolio portfolio{graph, costs, lanes};
  return portfolio.fill() ? std::optional{portfolio.take(spaces)} : std::nullopt;
}

std::optional<Outlook> search_outlook(const TaskGraph& graph, const TaskCosts& costs,
                                      std::span<const ForecastLane> lanes, std::uint64_t seed,
                                      const std::function<double()>& used) {
  Portfolio portfolio{graph, costs, lanes};
  return portfolio.fill() ? std::optional{portfolio.take_searched(seed, used)} : std::nullopt;
}

}  // namespace troika
