#include "kernels/kernels.h"

#include "kernels/blur_columns/blur_columns.h"
#include "kernels/blur_rows/blur_rows.h"
#include "kernels/compose/compose.h"
#include "kernels/edges/edges.h"
#include "kernels/enlarge/enlarge.h"
#include "kernels/exposure/exposure.h"
#include "kernels/histogram/histogram.h"
#include "kernels/luma/luma.h"
#include "kernels/sharpen/sharpen.h"
#include "kernels/smooth/smooth.h"
#include "kernels/tone_curve/tone_curve.h"

namespace troika::kernels {

std::vector<Operation> all_operations() {
  return {enlarge_operation(),      luma_operation(),   histogram_operation(),
          tone_curve_operation(),   smooth_operation(), blur_rows_operation(),
          blur_columns_operation(), edges_operation(),  sharpen_operation(),
          exposure_operation(),     compose_operation()};
}

Status define_all(KernelRegistry& registry) {
  for (Operation& operation : all_operations()) TROIKA_TRY(registry.define(std::move(operation)));
  return {};
}

}  // namespace troika::kernels
