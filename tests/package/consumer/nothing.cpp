// The smallest backend: it has no devices, and says so.
#include "runtime/device/plugin.h"

namespace {

troika::Result<troika::Opened> open_all(const troika::BackendOptions&) {
  troika::Opened opened;
  opened.missing.push_back({"nothing", {troika::Code::unavailable, "has no devices"}});
  return opened;
}

}  // namespace

TROIKA_EXPORT_BACKEND((troika::Backend{"nothing", open_all}));
