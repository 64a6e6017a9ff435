// What a runtime counts, under the names that a monitoring system sees.
#include "runtime/exec/core.h"

namespace troika {
namespace {

using Kind = Metric::Kind;

Metric single(std::string name, std::string help, Kind kind, std::uint64_t value) {
  return {std::move(name), std::move(help), kind, {{{}, value}}};
}

void add_counters(const Counters& counters, std::vector<Metric>& metrics) {
  const auto count = [&](const char* name, const char* help, std::uint64_t value) {
    metrics.push_back(single(name, help, Kind::counter, value));
  };
  count("troika_copied_bytes_total", "Bytes moved between memories.", counters.bytes_copied);
  count("troika_handed_over_bytes_total",
        "Bytes made visible to another device where they are, none moved.",
        counters.bytes_handed_over);
  count("troika_copies_total", "Copies between memories.", counters.copies);
  count("troika_hand_overs_total", "Hand-overs within a memory.", counters.hand_overs);
  count("troika_attempts_failed_total", "Attempts at a task that failed.",
        counters.attempts_failed);
  count("troika_tasks_recovered_total", "Tasks done after a failed attempt.", counters.recovered);
  count("troika_tasks_recalled_total", "Issued tasks taken back before they began.",
        counters.recalled);
  count("troika_tasks_failed_total", "Tasks given up.", counters.tasks_failed);
  count("troika_tasks_poisoned_total", "Tasks not run because one they depend on failed.",
        counters.tasks_poisoned);
  count("troika_tasks_cancelled_total", "Tasks not run because their run was cancelled.",
        counters.tasks_cancelled);
  count("troika_reads_refused_total", "Host reads of lost data.", counters.reads_refused);
  count("troika_devices_lost_total", "Devices that failed or were given up.",
        counters.devices_lost);
  count("troika_evictions_total", "Buffers that made room for others.", counters.evictions);
  count("troika_write_backs_total", "Copies to the host that made room.", counters.write_backs);
  count("troika_allocations_total", "Buffers' memory asked of a device.", counters.allocations);
  count("troika_allocation_reuses_total", "Buffers given memory that others had given back.",
        counters.reuses);
  count("troika_leases_total", "Runs that the host lane took.", counters.leases);
  count("troika_leases_refused_total",
        "Runs done task by task because bytes were lost or lay elsewhere.",
        counters.leases_refused);
}

}  // namespace

std::vector<Metric> RuntimeCore::metrics() const {
  const auto devices = this->devices();  // first: of each the executor then knows
  const Counters counters = executor_->counters();
  const Executor::Gauges gauges = executor_->gauges();
  const DeviceMask serving = executor_->open_devices() & ~executor_->away_devices();

  std::vector<Metric> metrics;
  Metric tasks{
      "troika_tasks_done_total", "Tasks done, by the device that ran them.", Kind::counter, {}};
  Metric in_service{
      "troika_device_in_service", "1 while the device takes tasks, else 0.", Kind::gauge, {}};
  for (std::uint32_t d = 0; d < devices.size(); ++d) {
    const std::string& name = devices[d]->info().name;
    tasks.samples.push_back({{{"device", name}}, counters.tasks_by_device[d]});
    in_service.samples.push_back({{{"device", name}}, (serving & bit(DeviceId{d})) != 0 ? 1U : 0U});
  }
  metrics.push_back(std::move(tasks));
  add_counters(counters, metrics);
  metrics.push_back(std::move(in_service));

  Metric used{"troika_space_used_bytes", "Memory held by buffers.", Kind::gauge, {}};
  Metric budget{
      "troika_space_budget_bytes", "Memory that buffers may hold; 0: no limit.", Kind::gauge, {}};
  Metric tenants_used{
      "troika_tenant_used_bytes", "Of that, what a tenant with a limit holds.", Kind::gauge, {}};
  Metric tenants_limit{"troika_tenant_limit_bytes", "What it may hold.", Kind::gauge, {}};
  for (const SpaceUse& space : gauges.spaces) {
    const std::vector<std::pair<std::string, std::string>> labels{
        {"space", std::to_string(space.space.value)},
        {"owner", devices_->first(space.owner.value + 1).back()->info().name}};
    used.samples.push_back({labels, space.used});
    budget.samples.push_back({labels, space.budget});
    for (const TenantUse& tenant : space.tenants) {
      auto of_tenant = labels;
      of_tenant.emplace_back("tenant", std::to_string(tenant.tenant.value));
      tenants_used.samples.push_back({of_tenant, tenant.used});
      tenants_limit.samples.push_back({std::move(of_tenant), tenant.limit});
    }
  }
  metrics.push_back(std::move(used));
  metrics.push_back(std::move(budget));
  if (!tenants_used.samples.empty()) {
    metrics.push_back(std::move(tenants_used));
    metrics.push_back(std::move(tenants_limit));
  }
  metrics.push_back(single("troika_quarantined_bytes",
                           "Memory never freed, since a hung device may still touch it.",
                           Kind::gauge, counters.quarantined_bytes));
  metrics.push_back(single("troika_runs_under_way", "Runs admitted and not over.", Kind::gauge,
                           gauges.runs_under_way));
  metrics.push_back(single("troika_runs_waiting", "Runs that wait for admission.", Kind::gauge,
                           gauges.runs_waiting));
  return metrics;
}

}  // namespace troika
