#include "backends/sim/network.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace troika::sim {
namespace {

// A thousandth of a byte: below it, what is left is a rounding error.
constexpr double nothing_left = 1e-3;

}  // namespace

Network::Network(World& world, const Machine& machine) : world_{world}, links_{machine.links} {
  for (const SharedLink& shared : machine.shared_links)
    pipe_bytes_per_second_.push_back(shared.bytes_per_second);
  for (const MachineLink& link : links_) {
    std::vector<std::size_t> pipes{pipe_bytes_per_second_.size()};
    pipe_bytes_per_second_.push_back(link.bytes_per_second);
    for (std::size_t i = 0; i < machine.shared_links.size(); ++i) {
      const auto& shares = link.shares;
      if (std::find(shares.begin(), shares.end(), machine.shared_links[i].name) != shares.end())
        pipes.push_back(i);
    }
    pipes_of_link_.push_back(std::move(pipes));
  }
}

const MachineLink* Network::find(const std::string& from, const std::string& to) const noexcept {
  for (const MachineLink& link : links_)
    if (link.from == from && link.to == to) return &link;
  return nullptr;
}

TransferId Network::start(const MachineLink& link, std::size_t bytes, World::Callback done) {
  const TransferId id = ++last_id_;
  Flow flow;
  flow.pipes = pipes_of_link_[static_cast<std::size_t>(&link - links_.data())];
  flow.bytes_left = static_cast<double>(bytes);
  flow.done = std::move(done);
  flows_.emplace(id, std::move(flow));
  world_.after(link.latency, [this, id] { begin(id); });
  return id;
}

void Network::cancel(TransferId id) {
  settle();
  flows_.erase(id);
  share_fairly();
}

void Network::begin(TransferId id) {
  const auto flow = flows_.find(id);
  if (flow == flows_.end()) return;
  settle();
  flow->second.flowing = true;
  share_fairly();
}

void Network::settle() {
  const double seconds = to_seconds(world_.now() - settled_at_);
  settled_at_ = world_.now();
  for (auto& [id, flow] : flows_)
    if (flow.flowing)
      flow.bytes_left = std::max(0.0, flow.bytes_left - seconds * flow.bytes_per_second);
}

void Network::share_fairly() {
  std::vector<double> room = pipe_bytes_per_second_;
  std::vector<std::size_t> users(room.size(), 0);
  std::vector<Flow*> open;
  for (auto& [id, flow] : flows_) {
    if (!flow.flowing) continue;
    open.push_back(&flow);
    for (const std::size_t pipe : flow.pipes) ++users[pipe];
  }
  // Fills the narrowest pipe, fixes the flows through it, and goes on with what is left.
  while (!open.empty()) {
    std::size_t narrowest = 0;
    double share = std::numeric_limits<double>::infinity();
    for (std::size_t pipe = 0; pipe < room.size(); ++pipe) {
      if (users[pipe] == 0) continue;
      const double each = room[pipe] / static_cast<double>(users[pipe]);
      if (each < share) {
        share = each;
        narrowest = pipe;
      }
    }
    std::erase_if(open, [&](Flow* flow) {
      const auto& pipes = flow->pipes;
      if (std::find(pipes.begin(), pipes.end(), narrowest) == pipes.end()) return false;
      flow->bytes_per_second = share;
      for (const std::size_t pipe : pipes) {
        room[pipe] = std::max(0.0, room[pipe] - share);
        --users[pipe];
      }
      return true;
    });
  }

  double next = std::numeric_limits<double>::infinity();
  for (const auto& [id, flow] : flows_)
    if (flow.flowing) next = std::min(next, flow.bytes_left / flow.bytes_per_second);
  const std::uint64_t alarm = ++alarm_;
  if (next < std::numeric_limits<double>::infinity()) {
    const Nanos delay{static_cast<Nanos::rep>(std::ceil(next * 1e9))};
    world_.after(delay, [this, alarm] { end_finished(alarm); });
  }
}

void Network::end_finished(std::uint64_t alarm) {
  if (alarm != alarm_) return;
  settle();
  std::vector<World::Callback> ended;
  for (auto at = flows_.begin(); at != flows_.end();) {
    if (at->second.flowing && at->second.bytes_left <= nothing_left) {
      ended.push_back(std::move(at->second.done));
      at = flows_.erase(at);
    } else {
      ++at;
    }
  }
  share_fairly();
  for (const World::Callback& done : ended) done();
}

}  // namespace troika::sim
