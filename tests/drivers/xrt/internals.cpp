// Names that the vendor's objects and this model expect of one another and no header has. Theirs
// are of XRT 2.13: other versions have other objects.
#include "tests/drivers/xrt/internals.h"

namespace xrt_core {

class device {
 public:
  void register_axlf(const axlf* file);
};

namespace query {
enum class key_type;
}

namespace swemu {
std::shared_ptr<device> get_userpf_device(void* handle, unsigned index);
}

}  // namespace xrt_core

namespace xclcpuemhal2 {

class CpuemShim {
 public:
  static CpuemShim* handleCheck(void* handle);
  int deviceQuery(xrt_core::query::key_type what);
};

// Any handle that was opened here is a good one.
CpuemShim* CpuemShim::handleCheck(void* handle) { return static_cast<CpuemShim*>(handle); }
int CpuemShim::deviceQuery(xrt_core::query::key_type) { return 0; }

}  // namespace xclcpuemhal2

std::shared_ptr<void> xrt_model::make_vendor_device(void* handle, unsigned index) {
  return xrt_core::swemu::get_userpf_device(handle, index);
}

void xrt_model::tell_of_image(void* vendor_device, const axlf* file) {
  static_cast<xrt_core::device*>(vendor_device)->register_axlf(file);
}

// All that a model of this kind has not: -1 means that to each caller.
extern "C" long xrt_model_has_not() { return -1; }
