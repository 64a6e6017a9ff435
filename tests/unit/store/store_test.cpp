#include "runtime/exec/store.h"

#include <gtest/gtest.h>

namespace troika {
namespace {

constexpr SpaceId gpu{1};

// Memory without bytes, which refuses one allocation when it is told to.
class FakeMemory final : public Memory {
 public:
  SpaceId space() const noexcept override { return gpu; }
  std::size_t bytes_free() const noexcept override { return 0; }
  Result<std::unique_ptr<Allocation>> allocate(const AllocOp& op) override {
    if (refuse_at != 0 && --refuse_at == 0) return Status{Code::out_of_memory, "refused"};
    return std::unique_ptr<Allocation>{std::make_unique<Piece>(*this, op.bytes)};
  }
  Result<std::unique_ptr<Allocation>> attach(const Allocation& root) override {
    return std::unique_ptr<Allocation>{std::make_unique<Handle>(*this, root.bytes())};
  }

  int refuse_at = 0;  // counts down; 0: none is refused
  std::size_t allocated = 0;
  int handles = 0;
  bool freed_under_a_handle = false;

 private:
  class Piece final : public Allocation {
   public:
    Piece(FakeMemory& memory, std::size_t bytes) noexcept
        : Allocation{gpu, bytes, nullptr}, memory_{memory} {
      memory_.allocated += bytes;
    }
    ~Piece() override {
      memory_.allocated -= bytes();
      memory_.freed_under_a_handle |= memory_.handles != 0;
    }

   private:
    FakeMemory& memory_;
  };
  class Handle final : public Allocation {
   public:
    Handle(FakeMemory& memory, std::size_t bytes) noexcept
        : Allocation{gpu, bytes, nullptr}, memory_{memory} {
      ++memory_.handles;
    }
    ~Handle() override { --memory_.handles; }

   private:
    FakeMemory& memory_;
  };
};

class StoreOfOneSpace : public ::testing::Test {
 protected:
  static constexpr std::size_t budget = 100;

  StoreOfOneSpace() {
    store.add_device(DeviceId{0}, memory);
    store.add_space(gpu, DeviceId{0}, budget);
    for (BufferState* buffer : {&small, &middle, &large}) store.track(*buffer);
  }

  FakeMemory memory;
  Store store;
  BufferState small{BufferId{1}, 20}, middle{BufferId{2}, 50}, large{BufferId{3}, 60};
  const TenantId owner{0};
  Store::Shortage shortage;
};

TEST_F(StoreOfOneSpace, a_footprint_is_reserved_whole) {
  BufferState* both[] = {&small, &middle};
  ASSERT_EQ(store.reserve(both, gpu, owner, shortage), Store::Answer::reserved);
  EXPECT_EQ(small.home(gpu)->held, 1u);
  EXPECT_EQ(middle.home(gpu)->held, 1u);
  EXPECT_EQ(store.used(gpu), 70u);
}

TEST_F(StoreOfOneSpace, a_footprint_for_which_there_is_no_room_takes_and_holds_nothing) {
  BufferState* first[] = {&middle};
  ASSERT_EQ(store.reserve(first, gpu, owner, shortage), Store::Answer::reserved);
  BufferState* second[] = {&small, &large};
  EXPECT_EQ(store.reserve(second, gpu, owner, shortage), Store::Answer::wait);
  EXPECT_EQ(small.home(gpu), nullptr) << "the half that fits must be left to others";
  EXPECT_EQ(store.used(gpu), 50u);
  EXPECT_TRUE(shortage.victims.empty()) << "what is held is not offered";

  store.release(first, gpu);
  EXPECT_EQ(store.reserve(second, gpu, owner, shortage), Store::Answer::wait);
  EXPECT_EQ(shortage.victims, std::vector<BufferState*>{&middle});
  store.evict(middle, gpu);
  EXPECT_EQ(store.reserve(second, gpu, owner, shortage), Store::Answer::reserved);
  EXPECT_EQ(store.used(gpu), 80u);
  EXPECT_EQ(memory.allocated, 80u);
}

TEST_F(StoreOfOneSpace, a_footprint_of_which_a_part_is_refused_holds_nothing) {
  BufferState* both[] = {&small, &middle};
  memory.refuse_at = 2;
  EXPECT_NE(store.reserve(both, gpu, owner, shortage), Store::Answer::reserved);
  ASSERT_EQ(middle.home(gpu), nullptr);
  if (small.home(gpu) != nullptr) {
    EXPECT_EQ(small.home(gpu)->held, 0u);
  }
  EXPECT_EQ(store.reserve(both, gpu, owner, shortage), Store::Answer::reserved);
}

TEST_F(StoreOfOneSpace, what_is_held_twice_is_in_use_until_it_is_released_twice) {
  BufferState* one[] = {&large};
  ASSERT_EQ(store.reserve(one, gpu, owner, shortage), Store::Answer::reserved);
  ASSERT_EQ(store.reserve(one, gpu, owner, shortage), Store::Answer::reserved);
  store.release(one, gpu);
  BufferState* other[] = {&middle};
  EXPECT_EQ(store.reserve(other, gpu, owner, shortage), Store::Answer::wait);
  EXPECT_TRUE(shortage.victims.empty());
  store.release(one, gpu);
  EXPECT_EQ(store.reserve(other, gpu, owner, shortage), Store::Answer::wait);
  EXPECT_EQ(shortage.victims, std::vector<BufferState*>{&large});
}

TEST_F(StoreOfOneSpace, the_least_recently_reserved_is_offered_first) {
  BufferState* first[] = {&small};
  BufferState* second[] = {&middle};
  ASSERT_EQ(store.reserve(second, gpu, owner, shortage), Store::Answer::reserved);
  ASSERT_EQ(store.reserve(first, gpu, owner, shortage), Store::Answer::reserved);
  store.release(first, gpu);
  store.release(second, gpu);
  BufferState* third[] = {&large};
  EXPECT_EQ(store.reserve(third, gpu, owner, shortage), Store::Answer::wait);
  EXPECT_EQ(shortage.victims, (std::vector<BufferState*>{&middle, &small}));
}

TEST_F(StoreOfOneSpace, a_footprint_larger_than_the_space_is_impossible) {
  BufferState* all[] = {&small, &middle, &large};
  EXPECT_EQ(store.reserve(all, gpu, owner, shortage), Store::Answer::impossible);
  EXPECT_EQ(memory.allocated, 0u);
}

TEST_F(StoreOfOneSpace, sealed_memory_is_counted_and_never_freed) {
  BufferState* one[] = {&small};
  ASSERT_EQ(store.reserve(one, gpu, owner, shortage), Store::Answer::reserved);
  store.seal(small, gpu);
  EXPECT_EQ(small.home(gpu), nullptr);
  EXPECT_EQ(store.quarantined_bytes(), 20u);
}

TEST_F(StoreOfOneSpace, an_evicted_home_gives_up_its_handles_before_their_root) {
  constexpr SpaceId other{2};
  store.add_device(DeviceId{1}, memory);
  store.add_space(other, DeviceId{0}, budget);
  for (const SpaceId space : {gpu, other}) ASSERT_TRUE(store.ensure(small, space, owner).ok());
  ASSERT_TRUE(store.handle(small, gpu, DeviceId{1}).ok());
  store.evict(small, gpu);
  EXPECT_EQ(memory.handles, 0);
  EXPECT_FALSE(memory.freed_under_a_handle);
  EXPECT_NE(small.home(other), nullptr);
}

TEST_F(StoreOfOneSpace, the_preferred_device_allocates_until_it_refuses_or_is_lost) {
  FakeMemory preferred;
  store.add_device(DeviceId{1}, preferred);
  store.prefer(gpu, DeviceId{1});
  ASSERT_TRUE(store.ensure(small, gpu, owner).ok());
  EXPECT_EQ(preferred.allocated, 20u);
  EXPECT_EQ(*store.handle(small, gpu, DeviceId{1}), small.home(gpu)->root.get());
  EXPECT_NE(*store.handle(small, gpu, DeviceId{0}), small.home(gpu)->root.get());
  store.evict(small, gpu);

  preferred.refuse_at = 1;
  ASSERT_TRUE(store.ensure(small, gpu, owner).ok());
  EXPECT_EQ(memory.allocated, 20u);
  EXPECT_EQ(preferred.allocated, 0u);
  EXPECT_EQ(*store.handle(small, gpu, DeviceId{0}), small.home(gpu)->root.get());
  store.evict(small, gpu);

  store.avoid(DeviceId{1});
  ASSERT_TRUE(store.ensure(small, gpu, owner).ok());
  EXPECT_EQ(memory.allocated, 20u);
  EXPECT_EQ(preferred.allocated, 0u);
  store.evict(small, gpu);
}

class StoreThatKeeps : public StoreOfOneSpace {
 protected:
  StoreThatKeeps() { store.keep_freed(gpu); }
  // Has a home, and gives it back.
  void pass_through(BufferState& buffer) {
    ASSERT_TRUE(store.ensure(buffer, gpu, owner).ok());
    store.evict(buffer, gpu);
  }
};

TEST_F(StoreThatKeeps, gives_what_was_freed_to_the_next_of_that_size_with_its_handles) {
  store.add_device(DeviceId{1}, memory);
  BufferState other{BufferId{4}, middle.bytes};
  ASSERT_TRUE(store.ensure(middle, gpu, owner).ok());
  const Allocation* const root = middle.home(gpu)->root.get();
  ASSERT_TRUE(store.handle(middle, gpu, DeviceId{1}).ok());
  store.evict(middle, gpu);
  EXPECT_EQ(store.used(gpu), 0u);
  EXPECT_EQ(memory.allocated, 50u);

  ASSERT_TRUE(store.ensure(small, gpu, owner).ok());
  BufferState* wanted[] = {&other};
  ASSERT_EQ(store.reserve(wanted, gpu, owner, shortage), Store::Answer::reserved);
  EXPECT_EQ(other.home(gpu)->root.get(), root);
  EXPECT_EQ(other.home(gpu)->held, 1u);
  EXPECT_EQ(memory.handles, 1);
  EXPECT_EQ(store.used(gpu), 70u);
  EXPECT_EQ(store.counts().allocations, 2u);
  EXPECT_EQ(store.counts().reuses, 1u);
}

TEST_F(StoreThatKeeps, no_more_than_half_of_the_budget) {
  pass_through(large);
  EXPECT_EQ(memory.allocated, 0u);
  pass_through(middle);
  EXPECT_EQ(memory.allocated, 50u);
  pass_through(small);
  EXPECT_EQ(memory.allocated, 20u) << "the older one goes";
}

TEST_F(StoreThatKeeps, makes_way_with_it_where_there_is_no_room) {
  pass_through(middle);
  BufferState* wanted[] = {&large};
  ASSERT_EQ(store.reserve(wanted, gpu, owner, shortage), Store::Answer::reserved);
  EXPECT_EQ(memory.allocated, 60u);
}

TEST_F(StoreThatKeeps, makes_way_with_it_where_the_device_refuses) {
  pass_through(middle);
  memory.refuse_at = 1;
  BufferState* wanted[] = {&small};
  ASSERT_EQ(store.reserve(wanted, gpu, owner, shortage), Store::Answer::reserved);
  EXPECT_EQ(memory.allocated, 20u);
}

TEST_F(StoreThatKeeps, nothing_of_a_space_that_is_lost) {
  pass_through(middle);
  store.forget_freed(gpu);
  EXPECT_EQ(memory.allocated, 0u);
  pass_through(small);
  EXPECT_EQ(memory.allocated, 0u);
}

TEST_F(StoreOfOneSpace, a_tenant_has_so_many_bytes_there_and_gives_up_its_own_for_more) {
  const TenantId other{1};
  store.limit(owner, gpu, 60);
  BufferState* mine[] = {&small};
  BufferState* theirs[] = {&middle};
  BufferState* next[] = {&large};
  ASSERT_EQ(store.reserve(theirs, gpu, other, shortage), Store::Answer::reserved);
  ASSERT_EQ(store.reserve(mine, gpu, owner, shortage), Store::Answer::reserved);
  store.release(theirs, gpu);
  store.release(mine, gpu);
  EXPECT_EQ(store.used_by(owner, gpu), 20U);
  EXPECT_EQ(store.reserve(next, gpu, owner, shortage), Store::Answer::wait_for_tenant);
  EXPECT_EQ(shortage.victims, std::vector<BufferState*>{&small});
  EXPECT_EQ(shortage.bytes, 20U);
  store.evict(small, gpu);
  // Now it is the space that is full, of what anybody may be driven out of.
  EXPECT_EQ(store.reserve(next, gpu, owner, shortage), Store::Answer::wait);
  EXPECT_EQ(shortage.victims, std::vector<BufferState*>{&middle});
}

TEST_F(StoreOfOneSpace, what_another_tenant_has_brought_counts_as_the_others) {
  const TenantId other{1};
  store.limit(owner, gpu, 30);
  BufferState* shared[] = {&middle};
  BufferState* both[] = {&middle, &small};
  EXPECT_EQ(store.reserve(shared, gpu, owner, shortage), Store::Answer::impossible);
  ASSERT_EQ(store.reserve(shared, gpu, other, shortage), Store::Answer::reserved);
  EXPECT_EQ(store.reserve(both, gpu, owner, shortage), Store::Answer::reserved);
  EXPECT_EQ(store.used_by(owner, gpu), 20U);
}

TEST_F(StoreOfOneSpace, a_limit_counts_what_is_there_already) {
  ASSERT_TRUE(store.ensure(middle, gpu, owner).ok());
  store.limit(owner, gpu, 60);
  EXPECT_EQ(store.used_by(owner, gpu), 50U);
  BufferState* one[] = {&small};
  EXPECT_EQ(store.reserve(one, gpu, owner, shortage), Store::Answer::wait_for_tenant);
}

}  // namespace
}  // namespace troika
