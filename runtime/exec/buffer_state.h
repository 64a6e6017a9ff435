// A buffer as the strand knows it: where its bytes lie, which of them are valid, who is using them.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "runtime/base/environment.h"
#include "runtime/base/ids.h"
#include "runtime/data/coherence.h"
#include "runtime/device/memory.h"
#include "runtime/graph/task_graph.h"

namespace troika {

struct RunState;

struct BufferState : std::enable_shared_from_this<BufferState> {
  BufferState(BufferId buffer, std::size_t size) : id{buffer}, bytes{size}, coherence{size} {}

  // Its bytes in one space: one allocation, and a handle on it for each other device of the space.
  struct Home {
    SpaceId space;
    DeviceId owner;   // allocated the root
    TenantId tenant;  // whose limit it counts against
    std::unique_ptr<Allocation> root;
    std::vector<std::pair<DeviceId, std::unique_ptr<Allocation>>> handles;  // given up before root
    // On the host, by device: null where it was asked for and is not there. Given up before the
    // root.
    std::vector<std::pair<DeviceId, std::unique_ptr<Pin>>> pins;
    Nanos lost_pageable{0};      // by copies, for want of a pin
    std::uint32_t held = 0;      // tasks placed or issued that need it here
    std::uint64_t last_use = 0;  // decision at which it was last reserved
  };
  // An access of a live run that later runs may have to wait for.
  struct Live {
    RunState* run;
    TaskIndex task;
    Access access;
    Region region;
  };

  Home* home(SpaceId space) noexcept {
    for (Home& h : homes)
      if (h.space == space) return &h;
    return nullptr;
  }

  const BufferId id;
  const std::size_t bytes;
  const std::byte* adopted = nullptr;  // the user's memory, when it is that
  Coherence coherence;
  std::vector<Home> homes;
  std::vector<Live> live;
  std::uint32_t next_use = 0;   // while victims are chosen: tasks until it is needed again
  std::uint32_t users = 0;      // live runs bound to it and operations in flight
  Status dead;                  // a hung device may still touch the user's memory
  bool watched = false;         // in the executor's list
  bool released = false;        // the user's handle is gone
  std::shared_ptr<Event> gone;  // set when nothing touches it any more
};

}  // namespace troika
