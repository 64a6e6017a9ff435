#include "serving/triton/engine.h"

#include "serving/triton/json_values.h"

namespace troika::triton {
namespace {

RuntimeOptions options_of(const nlohmann::json& config) {
  RuntimeOptions options;
  const nlohmann::json settings = config.value("cmdline", nlohmann::json::object());
  if (const auto workers = settings.find("workers"); workers != settings.end())
    options.workers =
        static_cast<unsigned>(integer(*workers, "--backend-config=troika,workers", 1));
  options.devices = split(settings.value("devices", ""));
  return options;
}

}  // namespace

Engine::Engine(const nlohmann::json& config)
    : runtime{options_of(config)},
      adoptions{std::make_shared<onnx::Adoptions>(runtime)},
      in_place{"troika_in_place_bytes_total", "Bytes of inputs and outputs used where they lay."},
      copied{"troika_copied_bytes_total",
             "Bytes of inputs gathered and of outputs shared out by copies."},
      plans_made{"troika_plans_made_total",
                 "Plans made, one for each set of input shapes and priority class."} {
  for (const auto& device : runtime.devices())
    log(TRITONSERVER_LOG_INFO, "device " + device->info().name + ": " + device->info().description);
  for (const Missing& missing : runtime.missing())
    log(TRITONSERVER_LOG_INFO, missing.what + " is not there: " + missing.why.to_string());
}

}  // namespace troika::triton
