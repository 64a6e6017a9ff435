#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <map>

#include "backends/opencl/opencl.h"
#include "backends/opencl/options.h"
#include "backends/opencl/process.h"
#include "runtime/base/signals.h"

namespace troika::opencl {

Core::~Core() {
  if (service) api->ReleaseCommandQueue(service);
  if (context) api->ReleaseContext(context);
  if (part != 0) api->ReleaseDevice(device);
}

namespace {

std::unique_ptr<Memory> make_memory(const std::shared_ptr<const Core>& core) {
  if (core->space == host_space) return std::make_unique<SharedMemory>(core);
  return std::make_unique<SeparateMemory>(core);
}

class ClDevice final : public DriverDevice {
 public:
  ClDevice(DeviceInfo info, const std::shared_ptr<const Core>& core,
           std::shared_ptr<const ProgramCache> cache)
      : DriverDevice{std::move(info), make_memory(core)}, core_{core}, cache_{std::move(cache)} {}

  // Compiles for every launch shape, so that there is nothing left for prepare() to do.
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

template <class Get, class Object, class What>
std::string text_of(Get get, Object object, What what) {
  std::size_t bytes = 0;
  if (get(object, what, 0, nullptr, &bytes) != CL_SUCCESS || bytes == 0) return {};
  std::string text(bytes, '\0');
  get(object, what, bytes, text.data(), nullptr);
  text.resize(text.find('\0') == std::string::npos ? bytes : text.find('\0'));
  return text;
}

template <class T>
T value_of(const Api& api, cl_device_id device, cl_device_info what) {
  T value{};
  api.GetDeviceInfo(device, what, sizeof value, &value, nullptr);
  return value;
}

// 120 for "OpenCL 1.2 …"; 0 when it says nothing of the kind.
int version_in(const std::string& text) {
  int major = 0, minor = 0;
  return std::sscanf(text.c_str(), "OpenCL %d.%d", &major, &minor) == 2 ? major * 100 + minor * 10
                                                                        : 0;
}

// What a user types to name a device: "pocl".
std::string short_name(const std::string& platform) {
  if (platform == "Portable Computing Language") return "pocl";
  std::string name;
  for (const char c : platform) {
    if (!std::isalnum(static_cast<unsigned char>(c))) break;
    name += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return name.empty() ? "opencl" : name;
}

// Why this backend does not use a device; ok when it does.
Status usable(const Api& api, int platform_version, cl_device_id device) {
  const std::string version = text_of(api.GetDeviceInfo, device, CL_DEVICE_VERSION);
  if (platform_version < 120 || version_in(version) < 120)
    return {Code::unsupported, "older than OpenCL 1.2: " + version};
  if (!value_of<cl_bool>(api, device, CL_DEVICE_AVAILABLE))
    return {Code::unavailable, "the driver says that the device is not available"};
  if (!value_of<cl_bool>(api, device, CL_DEVICE_COMPILER_AVAILABLE))
    return {Code::unsupported, "the driver has no compiler for OpenCL C"};
  return {};
}

DeviceKind kind_of(cl_device_type type) {
  if (type & CL_DEVICE_TYPE_CPU) return DeviceKind::cpu;
  return type & CL_DEVICE_TYPE_ACCELERATOR ? DeviceKind::fpga : DeviceKind::gpu;
}

// What ways to and from a device's memory seed predictions with; they are not measured. Of the
// order of a PCIe 3 card with 16 lanes, and of an enqueue with its callback on PoCL.
constexpr double copy_bytes_per_second = 10e9;
constexpr Nanos copy_latency{30'000};

DeviceInfo describe_device(const Core& core, const std::string& platform) {
  const Api& api = *core.api;
  DeviceInfo info;
  info.name = core.name;
  info.backend = "opencl";
  info.description = text_of(api.GetDeviceInfo, core.device, CL_DEVICE_NAME) + " (" + platform +
                     ", driver " + text_of(api.GetDeviceInfo, core.device, CL_DRIVER_VERSION) + ")";
  info.kind = kind_of(value_of<cl_device_type>(api, core.device, CL_DEVICE_TYPE));
  if (info.kind == DeviceKind::cpu) info.cores = allowed_cores();
  if (core.part != 0 && info.cores.size() > core.part) info.cores.resize(core.part);
  info.dialects = {Dialect::opencl_c};
  info.space = core.space;
  // OpenCL promises nothing of unmapped host pages.
  info.needs_hand_over = core.space == host_space;
  info.shares_allocations = core.svm;
  if (core.space != host_space) {
    info.copy_queue = true;
    for (const auto& [from, to] : {std::pair{host_space, core.space}, {core.space, host_space}})
      info.links.push_back({from, to, copy_bytes_per_second, copy_latency});
  }
  info.memory_bytes = core.budget.bytes;
  // Eight single-precision operations a cycle and compute unit; the cost model learns the rest.
  info.flops_per_second =
      8e6 * value_of<cl_uint>(api, core.device, CL_DEVICE_MAX_COMPUTE_UNITS) *
      std::max(value_of<cl_uint>(api, core.device, CL_DEVICE_MAX_CLOCK_FREQUENCY), 1000U);
  return info;
}

// Whether device and host see the bytes of one allocation at one address, without commands between
// them but a kernel's end. Asked of a device whose platform is of `platform_version`.
bool fine_grained_svm(const Api& api, int platform_version, cl_device_id device) {
  if (platform_version < 200 ||
      version_in(text_of(api.GetDeviceInfo, device, CL_DEVICE_VERSION)) < 200)
    return false;
#define TROIKA_OPENCL_IS_THERE(name) api.name&&
  const bool entries = TROIKA_OPENCL_SVM_ENTRIES(TROIKA_OPENCL_IS_THERE) true;
#undef TROIKA_OPENCL_IS_THERE
  return entries && (value_of<cl_device_svm_capabilities>(api, device, CL_DEVICE_SVM_CAPABILITIES) &
                     CL_DEVICE_SVM_FINE_GRAIN_BUFFER) != 0;
}

// As many of a device's compute units, as a device of their own for the caller to release; the
// device itself when it has no more.
Result<cl_device_id> part_of(const Api& api, cl_device_id device, unsigned units) {
  if (value_of<cl_uint>(api, device, CL_DEVICE_MAX_COMPUTE_UNITS) <= units) return device;
  // Asked first: a driver that cannot divide its device may lack the entry.
  std::array<cl_device_partition_property, 8> ways{};
  const cl_int asked =
      api.GetDeviceInfo(device, CL_DEVICE_PARTITION_PROPERTIES, sizeof ways, ways.data(), nullptr);
  if (asked != CL_SUCCESS ||
      std::find(ways.begin(), ways.end(), CL_DEVICE_PARTITION_BY_COUNTS) == ways.end())
    return Status{Code::unsupported,
                  "its driver cannot divide it (cores=" + std::to_string(units) + ")"};
  const cl_device_partition_property wanted[] = {CL_DEVICE_PARTITION_BY_COUNTS,
                                                 static_cast<cl_device_partition_property>(units),
                                                 CL_DEVICE_PARTITION_BY_COUNTS_LIST_END, 0};
  cl_device_id part = nullptr;
  if (const cl_int error = api.CreateSubDevices(device, wanted, 1, &part, nullptr);
      error != CL_SUCCESS)
    return failure(Code::unavailable, "clCreateSubDevices of " + std::to_string(units) + " units",
                   error);
  return part;
}

// Of `whole`, or of a part of it as wide as `cores`, if that is not 0.
Result<std::shared_ptr<const Core>> open_core(const Api& api, Environment& environment,
                                              cl_device_id whole, unsigned cores,
                                              const std::string& platform, std::string name,
                                              SpaceId space, bool svm) {
  auto core = std::make_shared<Core>();
  cl_device_id device = whole;
  if (cores != 0) {
    TROIKA_ASSIGN(device, part_of(api, whole, cores));
  }
  core->part = device == whole ? 0 : cores;
  core->space = space;
  core->svm = svm;
  core->api = &api;
  core->environment = &environment;
  core->device = device;
  core->name = std::move(name);
  core->identity = platform + '\n' + text_of(api.GetDeviceInfo, device, CL_DEVICE_NAME) + '\n' +
                   text_of(api.GetDeviceInfo, device, CL_DEVICE_VERSION) + '\n' +
                   text_of(api.GetDeviceInfo, device, CL_DRIVER_VERSION);
  core->budget.device = core->name;
  core->budget.bytes = value_of<cl_ulong>(api, device, CL_DEVICE_GLOBAL_MEM_SIZE);
  core->allocation_max = value_of<cl_ulong>(api, device, CL_DEVICE_MAX_MEM_ALLOC_SIZE);
  core->strict_host_pointer =
      kind_of(value_of<cl_device_type>(api, device, CL_DEVICE_TYPE)) != DeviceKind::cpu;
  if (value_of<cl_device_fp_config>(api, device, CL_DEVICE_SINGLE_FP_CONFIG) &
      CL_FP_CORRECTLY_ROUNDED_DIVIDE_SQRT)
    core->build_options = "-cl-fp32-correctly-rounded-divide-sqrt";
  cl_int error = CL_SUCCESS;
  core->context = api.CreateContext(nullptr, 1, &device, nullptr, nullptr, &error);
  if (error != CL_SUCCESS) return failure(Code::unavailable, "clCreateContext", error);
  core->service = api.CreateCommandQueue(core->context, device, 0, &error);
  if (error != CL_SUCCESS) return failure(Code::unavailable, "clCreateCommandQueue", error);
  return std::shared_ptr<const Core>{std::move(core)};
}

struct Platform {
  cl_platform_id id;
  std::string name;
};

// Sorted by name: libOpenCL's own order changes from run to run.
Result<std::vector<Platform>> find_platforms(const Api& api) {
  cl_uint count = 0;
  if (const cl_int error = api.GetPlatformIDs(0, nullptr, &count); error != CL_SUCCESS)
    return failure(
        Code::unavailable,
        "no OpenCL driver is installed in " + vendors_path().string() + ": clGetPlatformIDs",
        error);
  std::vector<cl_platform_id> ids(count);
  api.GetPlatformIDs(count, ids.data(), nullptr);
  std::vector<Platform> platforms;
  for (const cl_platform_id id : ids)
    platforms.push_back({id, text_of(api.GetPlatformInfo, id, CL_PLATFORM_NAME)});
  std::stable_sort(platforms.begin(), platforms.end(),
                   [](const Platform& a, const Platform& b) { return a.name < b.name; });
  return platforms;
}

std::vector<cl_device_id> devices_of(const Api& api, cl_platform_id platform) {
  cl_uint count = 0;
  if (api.GetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 0, nullptr, &count) != CL_SUCCESS) return {};
  std::vector<cl_device_id> devices(count);
  if (count != 0) api.GetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, count, devices.data(), nullptr);
  return devices;
}

}  // namespace

Result<Opened> open_all(const BackendOptions& options) {
  if (!options.environment)
    return Status{Code::invalid_argument, "opencl: opened without an environment"};
  TROIKA_ASSIGN(const Options wanted, parse_options(options.text));
  TROIKA_ASSIGN(const Api* const api, load_api());
  TROIKA_TRY(check_vendors(vendors_path(), std::getenv("XILINX_XRT")));
  restrain_drivers(allowed_cores().size());
  const SignalsBlocked blocked;  // for the threads that drivers start below

  Opened opened;
  opened.missing = unloadable_drivers(vendors_path());
  const auto platforms = find_platforms(*api);
  if (!platforms.ok()) {
    opened.missing.push_back({"opencl", platforms.status()});
    return opened;
  }
  const auto cache = std::make_shared<const ProgramCache>(ProgramCache::default_folder("opencl"));
  if (!cache->warning().ok()) opened.missing.push_back({"opencl: program cache", cache->warning()});
  std::map<std::string, unsigned> counts;
  std::uint32_t next_space = options.first_space;
  for (const Platform& platform : *platforms) {
    const int version = version_in(text_of(api->GetPlatformInfo, platform.id, CL_PLATFORM_VERSION));
    const auto devices = devices_of(*api, platform.id);
    if (devices.empty())
      opened.missing.push_back(
          {"opencl: " + platform.name, {Code::unavailable, "the driver shows no device"}});
    for (const cl_device_id device : devices) {
      const auto miss = [&](Status why) {
        opened.missing.push_back({"opencl: " + platform.name + ": " +
                                      text_of(api->GetDeviceInfo, device, CL_DEVICE_NAME),
                                  std::move(why)});
      };
      if (Status status = usable(*api, version, device); !status.ok()) {
        miss(std::move(status));
        continue;
      }
      const std::string kind = short_name(platform.name);
      const bool apart = wanted.memory == Sharing::separate ||
                         !value_of<cl_bool>(*api, device, CL_DEVICE_HOST_UNIFIED_MEMORY);
      const bool svm =
          !apart && wanted.memory == Sharing::svm && fine_grained_svm(*api, version, device);
      if (wanted.memory == Sharing::svm && !svm) {
        miss({Code::unsupported, "it has no fine-grained shared virtual memory (memory=svm)"});
        continue;
      }
      const bool on_cores =
          kind_of(value_of<cl_device_type>(*api, device, CL_DEVICE_TYPE)) == DeviceKind::cpu;
      auto core = open_core(*api, *options.environment, device, on_cores ? wanted.cores : 0,
                            platform.name, kind + std::to_string(counts[kind]),
                            apart ? SpaceId{next_space} : host_space, svm);
      if (!core.ok()) {
        miss(core.status());
        continue;
      }
      ++counts[kind];
      if (apart) ++next_space;
      DeviceInfo info = describe_device(**core, platform.name);
      opened.devices.push_back(std::make_unique<ClDevice>(std::move(info), *core, cache));
    }
  }
  return opened;
}

}  // namespace troika::opencl
