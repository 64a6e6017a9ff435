// The one symbol that libtroika-opencl.so shows.
#include "backends/opencl/opencl.h"
#include "runtime/device/plugin.h"

TROIKA_EXPORT_BACKEND((troika::Backend{"opencl", troika::opencl::open_all}));
