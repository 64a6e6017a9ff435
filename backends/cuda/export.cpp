// The one symbol that libtroika-cuda.so shows.
#include "backends/cuda/cuda.h"
#include "runtime/device/plugin.h"

TROIKA_EXPORT_BACKEND((troika::Backend{"cuda", troika::cuda::open_all}));
