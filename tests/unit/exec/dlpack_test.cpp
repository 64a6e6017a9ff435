// Tensors of other frameworks, as buffers and back.
#include "runtime/exec/dlpack.h"

#include <array>

#include "tests/unit/exec/rig.h"

namespace troika {
namespace {

// A tensor of two rows of three, whose deleter counts.
struct Foreign {
  Foreign() {
    managed.dl_tensor = {elements.data(), {kDLCPU, 0},    2, {kDLInt, 32, 1},
                         shape.data(),    strides.data(), 0};
    managed.manager_ctx = this;
    managed.deleter = [](DLManagedTensor* self) {
      static_cast<Foreign*>(self->manager_ctx)->deleted += 1;
    };
  }
  std::array<int, 8> elements{1, 2, 3, 4, 5, 6, 7, 8};
  std::array<std::int64_t, 2> shape{2, 3}, strides{3, 1};
  DLManagedTensor managed;
  int deleted = 0;
};

class Dlpack : public HostRuntime {
 protected:
  std::string refusal(Foreign& foreign) {
    const std::string why = error_of([&] { (void)from_dlpack<int>(*runtime, &foreign.managed); });
    EXPECT_EQ(foreign.deleted, 0) << "what is refused stays the caller's";
    return why;
  }
};

TEST_F(Dlpack, a_tensor_is_worked_on_where_it_lies_and_given_back_once) {
  Foreign foreign;
  foreign.managed.dl_tensor.byte_offset = 2 * sizeof(int);
  {
    std::optional<Buffer<int>> x = from_dlpack<int>(*runtime, &foreign.managed);
    const Buffer<int> same = *x;
    EXPECT_EQ(x->size(), 6U);
    Graph graph;
    graph.add(add, *x, 10);
    runtime->run(graph).wait();
    EXPECT_EQ(x->read().data(), foreign.elements.data() + 2);
    x.reset();
    EXPECT_EQ(foreign.deleted, 0);
  }
  EXPECT_EQ(foreign.deleted, 1);
  EXPECT_EQ(foreign.elements, (std::array{1, 2, 13, 14, 15, 16, 17, 18}));
  EXPECT_EQ(runtime->counters().bytes_copied, 0U);
}

TEST_F(Dlpack, a_tensor_is_given_back_when_the_run_that_uses_it_is_over) {
  constexpr Kernel<void(Update<int>)> late{"late"};
  Event dropped;
  int deleted_early = 0;
  Foreign foreign;
  define_host(late, [&](HostView<int> x) {
    dropped.wait();
    deleted_early = foreign.deleted;
    x[0] = 7;
  });
  std::optional<Buffer<int>> x = from_dlpack<int>(*runtime, &foreign.managed);
  Graph graph, probe;
  graph.add(late, *x);
  probe.add(copy, *x, probe.scratch<int>(6));
  const Plan plan = runtime->compile(probe);
  const Run run = runtime->run(graph);
  std::thread dropping{[&] { x.reset(); }};
  while (error_of([&] { (void)runtime->run(plan); }) == "no error") std::this_thread::yield();
  dropped.set();
  dropping.join();
  EXPECT_EQ(foreign.deleted, 1);
  EXPECT_EQ(deleted_early, 0);
  EXPECT_EQ(foreign.elements[0], 7);
}

TEST_F(Dlpack, what_is_no_compact_tensor_of_the_hosts_is_refused_by_name) {
  Foreign on_gpu;
  on_gpu.managed.dl_tensor.device = {kDLCUDA, 0};
  EXPECT_EQ(refusal(on_gpu),
            "unsupported: from_dlpack: a tensor on a device of DLPack's type 2, not in the host's "
            "memory");
  Foreign floats;
  floats.managed.dl_tensor.dtype = {kDLFloat, 16, 1};
  EXPECT_EQ(refusal(floats),
            "invalid_argument: from_dlpack: elements of type code 2, 16 bits and 1 lanes; the "
            "buffer's are 0, 32, 1");
  Foreign wide;
  wide.strides = {4, 1};
  EXPECT_EQ(refusal(wide),
            "unsupported: from_dlpack: dimension 0 has a stride of 4 elements, not of 3: only "
            "compact row-major tensors are taken");
  Foreign none;
  none.shape = {2, 0};
  EXPECT_EQ(refusal(none), "invalid_argument: from_dlpack: dimension 1 of 0 elements");
  Foreign huge;
  huge.shape = {INT64_MAX, 3};
  huge.managed.dl_tensor.strides = nullptr;
  EXPECT_EQ(refusal(huge).substr(0, 41), "invalid_argument: from_dlpack: dimension ");
  Foreign twice;
  const Buffer<int> x = from_dlpack<int>(*runtime, &twice.managed);
  EXPECT_EQ(refusal(twice).substr(0, 39), "invalid_argument: overlapping adoption:");
}

TEST_F(Dlpack, strides_of_dimensions_of_one_element_mean_nothing) {
  Foreign foreign;
  foreign.shape = {1, 6};
  foreign.strides = {99, 1};
  EXPECT_EQ(from_dlpack<int>(*runtime, &foreign.managed).size(), 6U);
  EXPECT_EQ(foreign.deleted, 1);
}

TEST_F(Dlpack, a_buffer_given_out_lives_until_the_tensor_is_deleted) {
  std::optional<Buffer<int>> x = buffer_of({1, 2, 3, 4, 5, 6});
  DLManagedTensor* const tensor = to_dlpack(*x, {3, 2});
  EXPECT_EQ(tensor->dl_tensor.ndim, 2);
  EXPECT_EQ(tensor->dl_tensor.shape[0], 3);
  EXPECT_EQ(tensor->dl_tensor.data, x->read().data());
  const BufferId id = x->id();
  x.reset();
  EXPECT_EQ(static_cast<const int*>(tensor->dl_tensor.data)[5], 6);
  const auto is_there = [&] {
    return runtime->core()->access(id, Region::bytes(0, 4), Access::read).ok();
  };
  EXPECT_TRUE(is_there());
  tensor->deleter(tensor);
  EXPECT_FALSE(is_there());
}

TEST_F(Dlpack, a_shape_that_does_not_fit_is_refused) {
  const Buffer<int> x = buffer_of({1, 2, 3, 4});
  EXPECT_EQ(error_of([&] {
              (void)to_dlpack(x, {3, 2});
            }),
            "invalid_argument: to_dlpack: a shape of 6 elements for a buffer of 4");
  DLManagedTensor* const tensor = to_dlpack(x);
  EXPECT_EQ(tensor->dl_tensor.shape[0], 4);
  tensor->deleter(tensor);
}

}  // namespace
}  // namespace troika
