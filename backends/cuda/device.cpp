#include <algorithm>
#include <array>

#include <unistd.h>

#include "backends/cuda/cuda.h"
#include "backends/cuda/nvrtc.h"
#include "backends/cuda/options.h"
#include "runtime/base/signals.h"

namespace troika::cuda {

Core::~Core() {
  if (!context) return;
  {
    const Current current{*this};
    if (pool) api->MemPoolDestroy(pool);
    if (taken) api->EventDestroy(taken);
    if (service) api->StreamDestroy(service);
  }
  api->DevicePrimaryCtxRelease(device);
}

Current::Current(const Core& core) noexcept
    : core_{core}, pushed_{core.api->CtxPushCurrent(core.context) == CUDA_SUCCESS} {}

Current::~Current() {
  CUcontext popped = nullptr;
  if (pushed_) core_.api->CtxPopCurrent(&popped);
}

namespace {

class CudaDevice final : public DriverDevice {
 public:
  CudaDevice(DeviceInfo info, const std::shared_ptr<const Core>& core,
             std::shared_ptr<const ProgramCache> cache)
      : DriverDevice{std::move(info), std::make_unique<CudaMemory>(core)},
        core_{core},
        cache_{std::move(cache)} {}

  // Compiles, and loads what a first launch would: there is nothing left for prepare() to do.
  Result<std::unique_ptr<LoadedKernel>> load(const KernelImage& image) override {
    return load_kernel(core_, *cache_, image);
  }

 private:
  Result<std::unique_ptr<Stream>> open_stream(QueueUse use, std::shared_ptr<Waker> waker) override {
    return make_stream(core_, use, std::move(waker));
  }

  const std::shared_ptr<const Core> core_;
  const std::shared_ptr<const ProgramCache> cache_;
};

// 0 of what the driver does not know.
int attribute(const Core& core, CUdevice_attribute which) {
  int value = 0;
  if (core.api->DeviceGetAttribute(&value, which, core.device) != CUDA_SUCCESS) return 0;
  return value;
}

std::string described(const Core& core) {
  std::array<char, 256> name{};
  std::array<char, 32> bus{};
  core.api->DeviceGetName(name.data(), static_cast<int>(name.size()) - 1, core.device);
  core.api->DeviceGetPCIBusId(bus.data(), static_cast<int>(bus.size()) - 1, core.device);
  return std::string{name.data()} + " (compute capability " +
         std::to_string(core.architecture / 10) + "." + std::to_string(core.architecture % 10) +
         ", PCI " + bus.data() + ", driver for CUDA " + version_text(core.api->version) + ")";
}

// What ways to and from a device's memory seed predictions with; they are not measured. Of the
// order of a PCIe 4 card with 16 lanes.
constexpr double copy_bytes_per_second = 20e9;
constexpr Nanos copy_latency{10'000};

// Of these the driver tells no peak: operations of one cycle and multiprocessor.
constexpr double flops_per_cycle = 256;

DeviceInfo describe_device(const Core& core) {
  DeviceInfo info;
  info.name = core.name;
  info.backend = "cuda";
  info.description = described(core);
  info.kind = DeviceKind::gpu;
  info.dialects = {Dialect::ptx};
  info.space = core.space;
  info.shares_allocations = core.reach == Reach::mapped || core.reach == Reach::managed;
  if (core.space != host_space) {
    info.copy_queue = true;
    for (const auto& [from, to] : {std::pair{host_space, core.space}, {core.space, host_space}})
      info.links.push_back({from, to, copy_bytes_per_second, copy_latency});
  }
  info.memory_bytes = core.budget.bytes;
  const double cycles_per_second = 1e3 * attribute(core, CU_DEVICE_ATTRIBUTE_CLOCK_RATE);
  const double processors = attribute(core, CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT);
  if (cycles_per_second * processors > 0)
    info.flops_per_second = flops_per_cycle * cycles_per_second * processors;
  const double transfers_per_second = 2e3 * attribute(core, CU_DEVICE_ATTRIBUTE_MEMORY_CLOCK_RATE);
  const double bus_bytes = attribute(core, CU_DEVICE_ATTRIBUTE_GLOBAL_MEMORY_BUS_WIDTH) / 8.0;
  if (transfers_per_second * bus_bytes > 0)
    info.bytes_per_second = transfers_per_second * bus_bytes;
  return info;
}

Result<Reach> reach_of(const Core& core, Sharing wanted) {
  if (wanted == Sharing::managed) {
    if (attribute(core, CU_DEVICE_ATTRIBUTE_CONCURRENT_MANAGED_ACCESS) == 0)
      return Status{Code::unsupported,
                    "host and device may not touch managed memory at once (memory=managed)"};
    return Reach::managed;
  }
  if (wanted == Sharing::separate) return Reach::none;
  if (attribute(core, CU_DEVICE_ATTRIBUTE_PAGEABLE_MEMORY_ACCESS) != 0 &&
      attribute(core, CU_DEVICE_ATTRIBUTE_PAGEABLE_MEMORY_ACCESS_USES_HOST_PAGE_TABLES) != 0)
    return Reach::page_tables;
  return attribute(core, CU_DEVICE_ATTRIBUTE_INTEGRATED) != 0 ? Reach::mapped : Reach::none;
}

// Keeps what is freed, for the budget is ours to give and the driver's memory slow to take.
Status make_pool(Core& core) {
  if (attribute(core, CU_DEVICE_ATTRIBUTE_MEMORY_POOLS_SUPPORTED) == 0)
    return {Code::unsupported, "it has no stream-ordered memory pools"};
  CUmemPoolProps props{};
  props.allocType = CU_MEM_ALLOCATION_TYPE_PINNED;
  props.location = {CU_MEM_LOCATION_TYPE_DEVICE, core.device};
  CUresult error = core.api->MemPoolCreate(&core.pool, &props);
  std::uint64_t kept = UINT64_MAX;
  if (error == CUDA_SUCCESS)
    error = core.api->MemPoolSetAttribute(core.pool, CU_MEMPOOL_ATTR_RELEASE_THRESHOLD, &kept);
  if (error == CUDA_SUCCESS) error = core.api->EventCreate(&core.taken, CU_EVENT_DISABLE_TIMING);
  if (error == CUDA_SUCCESS) return {};
  return failure(*core.api, Code::unavailable, "cuMemPoolCreate", error);
}

// What a context's kernels need beside buffers: code, stacks, printf's room.
constexpr std::size_t reserve_bytes_max = std::size_t{256} << 20U;

// Of what the driver moves to and fro the device need not hold all at once.
std::size_t host_bytes() {
  return static_cast<std::size_t>(sysconf(_SC_PHYS_PAGES)) *
         static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

Status open_context(Core& core, Sharing wanted) {
  const auto unavailable = [&core](const char* call, CUresult error) {
    return failure(*core.api, Code::unavailable, call, error);
  };
  CUresult error = core.api->DevicePrimaryCtxRetain(&core.context, core.device);
  if (error != CUDA_SUCCESS) return unavailable("cuDevicePrimaryCtxRetain", error);
  const Current current{core};
  error = core.api->CtxGetStreamPriorityRange(&core.compute_priority, &core.copy_priority);
  if (error != CUDA_SUCCESS) return unavailable("cuCtxGetStreamPriorityRange", error);
  error =
      core.api->StreamCreateWithPriority(&core.service, CU_STREAM_NON_BLOCKING, core.copy_priority);
  if (error != CUDA_SUCCESS) return unavailable("cuStreamCreateWithPriority", error);
  std::size_t available = 0, total = 0;
  error = core.api->MemGetInfo(&available, &total);
  if (error != CUDA_SUCCESS) return unavailable("cuMemGetInfo", error);
  TROIKA_ASSIGN(core.reach, reach_of(core, wanted));
  core.budget.device = core.name;
  core.budget.bytes = core.reach == Reach::managed
                          ? host_bytes()
                          : available - std::min(available / 8, reserve_bytes_max);
  return core.reach == Reach::none ? make_pool(core) : Status{};
}

Result<std::shared_ptr<Core>> open_core(const Api& api, Environment& environment, int ordinal,
                                        Sharing wanted, SpaceId own_space,
                                        std::shared_ptr<HostPages> pages) {
  auto core = std::make_shared<Core>();
  core->api = &api;
  core->environment = &environment;
  core->pages = std::move(pages);
  core->name = "cuda" + std::to_string(ordinal);
  if (const CUresult error = api.DeviceGet(&core->device, ordinal); error != CUDA_SUCCESS)
    return failure(api, Code::unavailable, "cuDeviceGet", error);
  core->architecture = 10 * attribute(*core, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR) +
                       attribute(*core, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR);
  core->identity = "cuda " + version_text(api.version) + "\ncompute capability " +
                   std::to_string(core->architecture);
  TROIKA_TRY(open_context(*core, wanted));
  core->space = core->reach == Reach::none ? own_space : host_space;
  return core;
}

// Copies between two devices go over their own link where there is one, and else by way of the
// driver's staging, which beats two copies of ours.
void connect(std::vector<std::shared_ptr<Core>>& cores, std::vector<DeviceInfo>& infos) {
  for (std::size_t to = 0; to < cores.size(); ++to) {
    if (!cores[to]->pool) continue;
    for (std::size_t from = 0; from < cores.size(); ++from) {
      if (from == to || !cores[from]->pool) continue;
      infos[to].links.push_back(
          {cores[from]->space, cores[to]->space, copy_bytes_per_second, copy_latency});
      int can = 0;
      cores[to]->api->DeviceCanAccessPeer(&can, cores[to]->device, cores[from]->device);
      const CUmemAccessDesc access{{CU_MEM_LOCATION_TYPE_DEVICE, cores[to]->device},
                                   CU_MEM_ACCESS_FLAGS_PROT_READWRITE};
      // Where that fails, the driver stages.
      if (can != 0) cores[to]->api->MemPoolSetAccess(cores[from]->pool, &access, 1);
    }
  }
}

}  // namespace

Result<Opened> open_all(const BackendOptions& options) {
  if (!options.environment)
    return Status{Code::invalid_argument, "cuda: opened without an environment"};
  TROIKA_ASSIGN(const Options wanted, parse_options(options.text));
  const SignalsBlocked blocked;  // for the threads that the driver starts below
  TROIKA_ASSIGN(const Api* const api, load_api());
  int count = 0;
  if (const CUresult error = api->DeviceGetCount(&count); error != CUDA_SUCCESS)
    return failure(*api, Code::unavailable, "cuDeviceGetCount", error);
  if (count == 0) return Status{Code::unavailable, "the driver shows no device"};

  Opened opened;
  const auto cache = std::make_shared<const ProgramCache>(ProgramCache::default_folder("cuda"));
  if (!cache->warning().ok()) opened.missing.push_back({"cuda: program cache", cache->warning()});
  if (const auto compiler = load_compiler(); !compiler.ok())
    opened.missing.push_back({"cuda: NVRTC, for kernels in CUDA C", compiler.status()});
  const auto pages = std::make_shared<HostPages>(*api);
  std::vector<std::shared_ptr<Core>> cores;
  std::vector<DeviceInfo> infos;
  for (int ordinal = 0; ordinal < count; ++ordinal) {
    const SpaceId space{options.first_space + static_cast<std::uint32_t>(cores.size())};
    auto core = open_core(*api, *options.environment, ordinal, wanted.memory, space, pages);
    if (!core.ok()) {
      opened.missing.push_back({"cuda: device " + std::to_string(ordinal), core.status()});
      continue;
    }
    pages->may_call_in(*core);
    infos.push_back(describe_device(**core));
    cores.push_back(*std::move(core));
  }
  connect(cores, infos);
  for (std::size_t i = 0; i < cores.size(); ++i)
    opened.devices.push_back(std::make_unique<CudaDevice>(std::move(infos[i]), cores[i], cache));
  return opened;
}

}  // namespace troika::cuda
