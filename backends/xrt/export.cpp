// The one symbol that libtroika-xrt.so shows.
#include "backends/xrt/xrt.h"
#include "runtime/device/plugin.h"

TROIKA_EXPORT_BACKEND((troika::Backend{"xrt", troika::xrt::open_all}));
