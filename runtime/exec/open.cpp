#include "runtime/device/built_in.h"
#include "runtime/exec/runtime.h"
#include "runtime/exec/service_thread.h"

namespace troika {
namespace {

RuntimeParts open_all(const RuntimeOptions& options) {
  RuntimeParts parts;
  parts.owned_environment = std::make_unique<ServiceThread>();
  parts.environment = parts.owned_environment.get();
  auto shared = std::make_unique<SharedPool>(value_or_throw(make_workers({options.workers})));
  parts.shared = shared.get();
  parts.workers = shared.get();
  parts.owned_workers = std::move(shared);
  BackendOptions wanted;
  wanted.environment = parts.environment;
  wanted.workers = parts.workers;
  wanted.text = options.backends;
  const bool host_only = options.devices == std::vector<std::string>{"host"};
  Opened opened = open_built_in(wanted, host_only);
  parts.devices = std::move(opened.devices);
  parts.missing = std::move(opened.missing);
  return parts;
}

}  // namespace

Runtime::Runtime(RuntimeOptions options) : Runtime{open_all(options), std::move(options)} {}

std::vector<Missing> Runtime::add_backend(std::string_view name, std::string keys) {
  return value_or_throw(core_->add_backend(name, std::move(keys), open_backend));
}

}  // namespace troika
