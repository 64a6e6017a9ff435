#include "runtime/data/coherence.h"

#include <algorithm>
#include <bit>

namespace troika {

const Coherence::Replica* Coherence::Cell::find(SpaceId space) const noexcept {
  const auto found = std::find_if(replicas.begin(), replicas.end(),
                                  [space](const Replica& r) { return r.space == space; });
  return found == replicas.end() ? nullptr : &*found;
}

Coherence::Replica& Coherence::Cell::at(SpaceId space) {
  if (const Replica* found = find(space)) return const_cast<Replica&>(*found);
  replicas.push_back({space, 0, {}, {}, 0});
  return replicas.back();
}

bool Coherence::Cell::valid_in(SpaceId space) const noexcept {
  if (latest == 0) return true;  // never written: nothing to preserve
  const Replica* replica = find(space);
  return replica != nullptr && replica->version == latest;
}

void Coherence::Cell::empty(SpaceId space) {
  each_state([space](Replica& replica) {
    if (replica.space == space) replica = {space, 0, {}, {}, 0};
  });
}

// The oldest of the pending writes, or the newest, which has taken its own entry of `replaced`.
void Coherence::Cell::write_is_over() {
  pending -= 1;
  // Erased now and then rather than one by one: chains of writes can be long.
  if (pending == 0) replaced.clear();
  else if (replaced.size() > 2 * pending + 8)
    replaced.erase(replaced.begin(), replaced.end() - static_cast<std::ptrdiff_t>(pending));
}

// What was made of later versions is worth nothing: their numbers will be given out again.
void Coherence::Cell::go_back_to(std::uint64_t version) {
  latest = version;
  each_state([&](Replica& replica) {
    if (replica.version > version) replica.version = 0;
  });
  if (poisoned > version) poison = {};
}

// After the last pending write has ended badly, or a replica was lost.
void Coherence::Cell::settle(const Status& cause) {
  go_back_to(committed);
  broken = false;
  const bool intact = committed == 0 ||
                      std::any_of(replicas.begin(), replicas.end(), [this](const Replica& replica) {
                        return replica.version == committed;
                      });
  if (intact || is_poisoned()) return;
  poison = cause;
  poisoned = committed;
}

Coherence::Coherence(std::size_t bytes) : grid_{bytes}, cells_(1) {}

void Coherence::set_initial(SpaceId space) {
  for (Cell& cell : cells_) {
    cell.committed = cell.latest = 1;
    Replica& replica = cell.at(space);
    replica.version = 1;
    replica.visible = common_agent;
  }
}

void Coherence::refine(std::span<const Region> regions) {
  const std::vector<std::uint32_t> origin = grid_.refine(regions);
  if (origin.empty()) return;
  std::vector<Cell> cells;
  cells.reserve(origin.size());
  for (const std::uint32_t old : origin) cells.push_back(cells_[old]);
  cells_ = std::move(cells);
}

template <class Visit>
void Coherence::each(const Region& region, Visit&& visit) {
  const Grid::Cells cells = grid_.cells(region);
  for (const Grid::Box& box : cells.all())
    for (std::uint32_t y = box.y_begin; y < box.y_end; ++y)
      for (std::uint32_t x = box.x_begin; x < box.x_end; ++x) visit(cells_[grid_.index(x, y)]);
}

template <class Visit>
void Coherence::each(const Region& region, Visit&& visit) const {
  const_cast<Coherence*>(this)->each(region, [&](const Cell& cell) { visit(cell); });
}

// Joins neighbouring cells of equal value into as few boxes as a greedy sweep finds: along the row,
// then down equal runs.
template <class Value, class Of, class Emit>
void Coherence::merged(const Grid::Cells& cells, Of&& of, Emit&& emit) const {
  struct Run {
    Grid::Box box;
    Value value;
  };
  if (cells.is_one()) {
    const Grid::Box& box = cells.boxes[0];
    return emit(box, of(cells_[grid_.index(box.x_begin, box.y_begin)]));
  }
  std::vector<Run> open, row;
  for (const Grid::Box& box : cells.all()) {
    open.clear();
    for (std::uint32_t y = box.y_begin; y < box.y_end; ++y) {
      row.clear();
      for (std::uint32_t x = box.x_begin; x < box.x_end; ++x) {
        const Value value = of(cells_[grid_.index(x, y)]);
        if (!row.empty() && row.back().value == value && row.back().box.x_end == x)
          row.back().box.x_end = x + 1;
        else row.push_back({{x, x + 1, y, y + 1}, value});
      }
      for (Run& run : row) {
        const auto above = std::find_if(open.begin(), open.end(), [&](const Run& o) {
          return o.box.x_begin == run.box.x_begin && o.box.x_end == run.box.x_end &&
                 o.box.y_end == y && o.value == run.value;
        });
        if (above != open.end()) above->box.y_end = y + 1;
        else open.push_back(run);
      }
    }
    for (const Run& run : open) emit(run.box, run.value);
  }
}

Status Coherence::readable(const Region& region) const {
  Status result;
  each(region, [&](const Cell& cell) {
    if (!result.ok()) return;
    if (cell.is_poisoned()) result = cell.poison;
    // Within a task whose sub-graphs write too, the version before the failed one is not settled.
    if (result.ok() && cell.broken)
      result = {Code::data_lost, "a write failed within a task that is not over"};
    const bool somewhere =
        cell.latest == 0 || std::any_of(cell.replicas.begin(), cell.replicas.end(),
                                        [&](const Replica& r) { return r.version == cell.latest; });
    if (result.ok() && !somewhere) result = {Code::data_lost, "its bytes went with a lost device"};
  });
  return result;
}

Coherence::Step Coherence::step(const Cell& cell, const Want& want, bool exact) const {
  const auto release = [](const Replica& replica, bool will_write) {
    const AgentMask holders = replica.visible & ~common_agent;
    return Step{Action::release, replica.space, AgentMask{1} << std::countr_zero(holders),
                will_write};
  };
  const auto held = [](const Replica& replica) { return (replica.visible & ~common_agent) != 0; };
  const Replica* here = cell.find(want.space);

  // An inexact write keeps some of the cell's bytes, so it needs them.
  const bool needs_bytes = reads(want.access) || !exact;
  if (needs_bytes && !cell.valid_in(want.space)) {
    const Replica* source = nullptr;
    const auto direct = [&](const Replica& r) { return (want.direct >> r.space.value & 1) != 0; };
    for (const Replica& replica : cell.replicas) {
      if (replica.version != cell.latest) continue;
      const bool better = source == nullptr || direct(replica) > direct(*source) ||
                          (direct(replica) == direct(*source) && replica.space < source->space);
      if (better) source = &replica;
    }
    if (source == nullptr) return {};  // poisoned: readable() tells
    // DMA sees what the host sees, on both sides.
    if ((source->visible & common_agent) == 0 && held(*source)) return release(*source, false);
    if (here != nullptr && held(*here)) return release(*here, true);
    return {Action::copy, source->space, 0, false};
  }
  if (here == nullptr || here->visible == 0) return {};
  const AgentMask seen = here->visible;
  const bool will_write = writes(want.access);
  if (will_write ? seen == want.agent : (seen & want.agent) != 0) return {};
  if (want.agent == common_agent) return held(*here) ? release(*here, will_write) : Step{};
  if ((seen & common_agent) == 0) return release(*here, false);
  return {Action::acquire, want.space, want.agent, will_write};
}

void Coherence::missing(const Want& want, std::vector<Move>& moves) const {
  const Grid::Cells cells = grid_.cells(want.region);
  merged<Step>(
      cells, [&](const Cell& cell) { return step(cell, want, cells.exact); },
      [&](const Grid::Box& box, const Step& found) {
        if (found.action == Action::none) return;
        const auto kind = found.action == Action::copy      ? Move::Kind::copy
                          : found.action == Action::release ? Move::Kind::release
                                                            : Move::Kind::acquire;
        moves.push_back({kind, grid_.region(box), found.space, found.holder, found.will_write});
      });
}

std::size_t Coherence::missing_bytes(const Region& region, Access access,
                                     SpaceId space) const noexcept {
  const Grid::Cells cells = grid_.cells(region);
  if (!reads(access) && cells.exact) return 0;
  std::size_t bytes = 0;
  for (const Grid::Box& box : cells.all())
    for (std::uint32_t y = box.y_begin; y < box.y_end; ++y)
      for (std::uint32_t x = box.x_begin; x < box.x_end; ++x)
        if (!cells_[grid_.index(x, y)].valid_in(space)) bytes += grid_.bytes({x, x + 1, y, y + 1});
  return bytes;
}

void Coherence::waits(const Want& want, Frontier& into) const {
  each(want.region, [&](const Cell& cell) {
    const Replica* replica = cell.find(want.space);
    if (replica == nullptr) return;
    into.include(replica->ready);
    if (writes(want.access)) into.include(replica->readers);
  });
}

void Coherence::waits_to_copy_from(const Region& region, SpaceId from, Frontier& into) const {
  each(region, [&](const Cell& cell) {
    if (const Replica* replica = cell.find(from)) into.include(replica->ready);
  });
}

void Coherence::waits_to_overwrite(const Region& region, SpaceId space, Frontier& into) const {
  each(region, [&](const Cell& cell) {
    if (const Replica* replica = cell.find(space)) {
      into.include(replica->ready);
      into.include(replica->readers);
    }
  });
}

void Coherence::begin_copy(const Region& region, SpaceId from, SpaceId to, AgentMask visible,
                           Timepoint done) {
  each(region, [&](Cell& cell) {
    cell.at(from).readers.include(done);
    Replica& target = cell.at(to);
    target.version = cell.latest;
    target.ready = done;
    target.readers.clear();
    target.visible = visible;
  });
}

void Coherence::copy_failed(const Region& region, SpaceId to, Timepoint done) {
  each(region, [&](Cell& cell) {
    cell.each_state([&](Replica& target) {
      if (target.space == to && target.ready == done) target.version = 0;
    });
  });
}

void Coherence::released(const Region& region, SpaceId space, AgentMask holder, bool will_write,
                         Timepoint done) {
  each(region, [&](Cell& cell) {
    Replica& replica = cell.at(space);
    replica.visible |= common_agent;
    if (will_write) replica.visible &= ~holder;
    if (!done.trivial()) replica.ready = done;
  });
}

void Coherence::release_failed(const Region& region, SpaceId space, AgentMask holder,
                               Timepoint done) {
  each(region, [&](Cell& cell) {
    Replica& replica = cell.at(space);
    if (replica.ready == done) replica.visible = holder;
  });
}

void Coherence::acquired(const Region& region, SpaceId space, AgentMask agent, bool will_write,
                         Timepoint done) {
  each(region, [&](Cell& cell) {
    Replica& replica = cell.at(space);
    replica.visible = will_write ? agent : replica.visible | agent;
    if (!done.trivial()) replica.ready = done;
  });
}

void Coherence::acquire_taken_back(const Region& region, SpaceId space, Timepoint done) {
  each(region, [&](Cell& cell) {
    Replica& replica = cell.at(space);
    if (replica.ready == done) replica.visible = common_agent;
  });
}

void Coherence::begin_read(const Region& region, SpaceId space, Timepoint done) {
  each(region, [&](Cell& cell) { cell.at(space).readers.include(done); });
}

void Coherence::begin_write(const Region& region, SpaceId space, AgentMask agent, Timepoint done) {
  each(region, [&](Cell& cell) {
    cell.latest += 1;
    cell.pending += 1;
    Replica& replica = cell.at(space);
    cell.replaced.push_back(replica);
    replica.version = cell.latest;
    replica.ready = done;
    replica.readers.clear();
    replica.visible = agent;
  });
}

void Coherence::commit(const Region& region) {
  each(region, [&](Cell& cell) {
    cell.write_is_over();
    if (!cell.broken) cell.committed += 1;
    if (cell.pending != 0) return;
    // The replica may have been lost with its space while the write was under way.
    const bool intact = std::any_of(cell.replicas.begin(), cell.replicas.end(),
                                    [&](const Replica& r) { return r.version == cell.committed; });
    if (cell.broken || !intact) cell.settle({Code::data_lost, "its bytes went with a lost device"});
  });
}

void Coherence::fail(const Region& region, const Status& cause) {
  each(region, [&](Cell& cell) {
    cell.write_is_over();
    cell.broken = true;
    if (cell.pending == 0) cell.settle(cause);
  });
}

void Coherence::take_back(const Region& region, const Status& cause) {
  each(region, [&](Cell& cell) {
    cell.go_back_to(cell.latest - 1);
    Replica before = std::move(cell.replaced.back());
    cell.replaced.pop_back();
    Replica& replica = cell.at(before.space);
    before.readers.include(replica.readers);  // they may still read, whatever they find
    replica = std::move(before);
    cell.write_is_over();
    if (cell.pending == 0) cell.settle(cause);
  });
}

void Coherence::poison(const Region& region, const Status& cause) {
  each(region, [&](Cell& cell) {
    cell.poison = cause;
    cell.poisoned = cell.latest;
  });
}

void Coherence::lose(SpaceId space, const Status& cause) {
  for (Cell& cell : cells_) {
    const bool mattered = cell.at(space).version != 0 && cell.latest != 0;
    cell.empty(space);
    if (mattered && cell.pending == 0 && !cell.is_poisoned()) cell.settle(cause);
  }
}

void Coherence::lose_agent(AgentMask agent, const Status& cause) {
  for (Cell& cell : cells_) {
    bool mattered = false;
    cell.each_state([&](Replica& replica) {
      const bool held_alone = replica.visible == agent;
      replica.visible &= ~agent;
      if (!held_alone) return;
      mattered |= replica.version != 0 && cell.latest != 0;
      replica.version = 0;
    });
    if (mattered && cell.pending == 0 && !cell.is_poisoned()) cell.settle(cause);
  }
}

void Coherence::drop(SpaceId space) {
  for (Cell& cell : cells_) cell.empty(space);
}

void Coherence::forget_contents() {
  for (Cell& cell : cells_) {
    cell.committed = cell.latest = 0;
    cell.poison = {};
    for (Replica& replica : cell.replicas) replica.version = 0;
  }
}

template <class Which>
void Coherence::collect(Which&& which, std::vector<Region>& regions) const {
  merged<bool>(grid_.everything(), which, [&](const Grid::Box& box, bool is_one) {
    if (is_one) regions.push_back(grid_.region(box));
  });
}

void Coherence::sole(SpaceId space, std::vector<Region>& regions) const {
  const auto only_there = [&](const Cell& cell) {
    if (cell.latest == 0 || !cell.valid_in(space)) return false;
    return std::none_of(cell.replicas.begin(), cell.replicas.end(), [&](const Replica& r) {
      return r.space != space && r.version == cell.latest;
    });
  };
  collect(only_there, regions);
}

void Coherence::held(SpaceId space, AgentMask agent, std::vector<Region>& regions) const {
  const auto by_agent = [&](const Cell& cell) {
    const Replica* const here = cell.find(space);
    return here != nullptr && cell.latest != 0 && here->version == cell.latest &&
           here->visible == agent;
  };
  collect(by_agent, regions);
}

void Coherence::users(SpaceId space, Frontier& into) const {
  for (const Cell& cell : cells_) {
    if (const Replica* replica = cell.find(space)) {
      into.include(replica->ready);
      into.include(replica->readers);
    }
  }
}

// Cells past the last byte keep what they were cut from.
bool Coherence::any_pending() const {
  std::vector<Region> pending;
  collect([](const Cell& cell) { return cell.pending != 0; }, pending);
  return !pending.empty();
}

}  // namespace troika
