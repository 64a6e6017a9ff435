// Tasks in program order, and the edges that their views imply.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "runtime/graph/operation.h"
#include "runtime/graph/region_index.h"
#include "runtime/graph/task_options.h"
#include "runtime/graph/typed.h"
#include "runtime/graph/view.h"

namespace troika {

class Graph;

// Bytes that belong to one run: every run of a plan has its own.
template <class T>
class Scratch {
 public:
  Scratch(std::uint32_t index, std::size_t count) noexcept : index_{index}, count_{count} {}

  std::size_t size() const noexcept { return count_; }
  View<T> view() const noexcept {
    return {Storage{BufferId{}, index_, count_ * sizeof(T)}, Region::bytes(0, count_ * sizeof(T))};
  }
  operator View<T>() const noexcept { return view(); }
  View<T> slice(std::size_t first, std::size_t count) const { return view().slice(first, count); }
  View<T> tile(std::size_t first, std::size_t cols, std::size_t rows, std::size_t pitch) const {
    return view().tile(first, cols, rows, pitch);
  }

 private:
  std::uint32_t index_;
  std::size_t count_;
};

// One argument of the string form: g.add("saxpy", {read(x), update(y), 2.0f}).
struct AnyArg {
  template <class T, class = std::enable_if_t<std::is_arithmetic_v<T>>>
  AnyArg(T value) : scalar{Scalar::of(value)} {}
  AnyArg(Access mode, Operand view) : is_buffer{true}, access{mode}, operand{view} {}

  bool is_buffer = false;
  Access access = Access::read;
  Operand operand;
  Scalar scalar;
};
inline AnyArg read(Operand view) { return {Access::read, view}; }
inline AnyArg write(Operand view) { return {Access::write, view}; }
inline AnyArg update(Operand view) { return {Access::update, view}; }
inline AnyArg commute(Operand view) { return {Access::commute, view}; }

// A task just added; sets its options. Valid as long as the graph is.
class TaskRef {
 public:
  TaskRef(Graph& graph, TaskIndex index) noexcept : graph_{&graph}, index_{index} {}

  TaskIndex index() const noexcept { return index_; }
  TaskRef priority(Priority priority);
  TaskRef deadline(Nanos after_submission);
  TaskRef timeout(Nanos running);
  TaskRef retries(std::uint32_t count);
  TaskRef tenant(TenantId tenant);
  TaskRef only_on(std::string device);  // may be called for several devices
  TaskRef never_on(std::string device);
  TaskRef idempotent(bool value);
  TaskRef label(std::string text);
  // An edge that the data do not show; `earlier` may also be a task added later.
  TaskRef after(TaskRef earlier);

 private:
  TaskOptions& options();

  Graph* graph_;
  TaskIndex index_;
};

// Not thread-safe. Edges run from an access to the next conflicting one of overlapping bytes; views
// of equal pitch overlap exactly, others conservatively. `commute` tasks keep their program order.
class Graph {
 public:
  // Buffers convert to views of themselves.
  template <class... Params, class... Args>
  TaskRef add(const Kernel<void(Params...)>& kernel, Args&&... args) {
    static_assert(sizeof...(Params) == sizeof...(Args), "wrong number of kernel arguments");
    begin_task(kernel.name());
    (push<Params>(std::forward<Args>(args)), ...);
    return end_task();
  }
  // Checked against the kernel's parameters when the graph is compiled.
  TaskRef add(std::string_view kernel, std::initializer_list<AnyArg> args) {
    return add(kernel, std::span{args.begin(), args.size()});
  }
  TaskRef add(std::string_view kernel, std::span<const AnyArg> args);

  template <class T>
  Scratch<T> scratch(std::size_t count) {
    scratch_bytes_.push_back(count * sizeof(T));
    return {static_cast<std::uint32_t>(scratch_bytes_.size() - 1), count};
  }

  std::size_t size() const noexcept { return tasks_.size(); }
  bool empty() const noexcept { return tasks_.empty(); }

  struct Task {
    std::uint32_t kernel;  // index into kernel_names()
    std::uint32_t first_arg, arg_count;
    std::uint32_t options;  // index into options(); 0 is the default
  };
  struct Edge {
    TaskIndex from, to;
  };
  const std::vector<Task>& tasks() const noexcept { return tasks_; }
  const std::vector<Arg>& args() const noexcept { return args_; }
  const std::vector<Type>& arg_types() const noexcept { return arg_types_; }
  const std::vector<Edge>& edges() const noexcept { return edges_; }
  const std::vector<Storage>& slots() const noexcept { return slots_; }
  const std::vector<std::string>& kernel_names() const noexcept { return kernel_names_; }
  const std::vector<TaskOptions>& options() const noexcept { return options_; }
  const std::vector<std::size_t>& scratch_bytes() const noexcept { return scratch_bytes_; }
  // By slot: the pitch of the first view with gaps; 0 without one. Views of another pitch count as
  // everything from their first to their last byte.
  const std::vector<std::size_t>& slot_pitch() const noexcept { return slot_pitch_; }

 private:
  friend class TaskRef;

  // Who has used a region so far that later tasks may have to follow: the last that wrote just this
  // region, and those that have read just this region since. A list of readers is the number of its
  // first.
  struct Record {
    TaskIndex writer;
    std::uint32_t readers = none;
  };
  struct Reader {
    TaskIndex task;
    std::uint32_t next;
  };
  static constexpr std::uint32_t none = ~0U;

  template <class P, class A>
  void push(A&& arg) {
    using Traits = detail::ParamTraits<P>;
    using Element = typename Traits::Element;
    if constexpr (Traits::is_buffer) {
      static_assert(std::is_convertible_v<A, View<Element>>,
                    "this kernel parameter takes a buffer, scratch or view of its element type");
      push_buffer(Traits::access, static_cast<View<Element>>(std::forward<A>(arg)));
    } else {
      static_assert(std::is_arithmetic_v<std::remove_cvref_t<A>>,
                    "this kernel parameter is a scalar");
      push_scalar(Scalar::of<Element>(static_cast<Element>(arg)));
    }
  }
  void begin_task(std::string_view kernel);
  void push_buffer(Access access, const Operand& operand);
  void push_scalar(Scalar scalar);
  TaskRef end_task();
  void connect(TaskIndex task, const Arg& arg);
  void follow(TaskIndex earlier, TaskIndex task);
  void add_reader(Record& record, TaskIndex task);
  std::uint32_t slot_of(const Storage& storage);

  std::vector<Task> tasks_;
  std::vector<Arg> args_;
  std::vector<Type> arg_types_;  // beside args_: element or scalar type as given
  std::vector<Edge> edges_;
  std::vector<Storage> slots_;  // the distinct buffers and scratches, in order of first use
  std::vector<std::size_t> slot_pitch_;
  std::vector<RegionIndex<Record>> records_;  // by slot
  std::vector<Reader> readers_;
  std::vector<std::uint32_t> slot_by_buffer_, slot_by_scratch_;
  std::vector<std::string> kernel_names_;
  std::vector<TaskOptions> options_{TaskOptions{}};
  std::vector<std::size_t> scratch_bytes_;
};

}  // namespace troika
