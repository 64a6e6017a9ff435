#include "serving/onnx/program/values.h"

#include <cmath>
#include <fstream>
#include <sstream>

#include <onnx/onnx_pb.h>

#include "serving/onnx/parse_tensor.h"

namespace troika::onnx {
namespace {

double element(const Tensor& tensor, std::size_t i) {
  switch (tensor.type) {
    case ElementType::f32: return static_cast<double>(tensor.as<float>()[i]);
    case ElementType::f64: return tensor.as<double>()[i];
    case ElementType::i8: return tensor.as<std::int8_t>()[i];
    case ElementType::i16: return tensor.as<std::int16_t>()[i];
    case ElementType::u16: return tensor.as<std::uint16_t>()[i];
    case ElementType::i32: return tensor.as<std::int32_t>()[i];
    case ElementType::u32: return tensor.as<std::uint32_t>()[i];
    case ElementType::i64: return static_cast<double>(tensor.as<std::int64_t>()[i]);
    case ElementType::u64: return static_cast<double>(tensor.as<std::uint64_t>()[i]);
    default: return tensor.as<std::uint8_t>()[i];
  }
}

bool close(double got, double wanted, double absolute, double relative) {
  if (std::isnan(wanted)) return std::isnan(got);
  if (std::isinf(wanted)) return got == wanted;
  return std::abs(got - wanted) <= absolute + relative * std::abs(wanted);
}

}  // namespace

Tensor load_tensor(const std::filesystem::path& path) {
  std::ifstream file{path, std::ios::binary};
  ::onnx::TensorProto proto;
  if (!file || !proto.ParseFromIstream(&file))
    refuse(Code::invalid_argument, path.string() + " is no file of one tensor");
  return parse_tensor(proto, {});
}

std::vector<Tensor> load_tensors(const std::filesystem::path& folder, const std::string& role) {
  std::vector<Tensor> tensors;
  for (;;) {
    const auto path = folder / (role + "_" + std::to_string(tensors.size()) + ".pb");
    if (!std::filesystem::exists(path)) return tensors;
    tensors.push_back(load_tensor(path));
  }
}

std::string difference(const Tensor& got, const Tensor& wanted, double absolute, double relative) {
  std::ostringstream text;
  if (got.type != wanted.type || got.dims != wanted.dims) {
    text << name_of(got.type) << " " << to_string(got.dims) << " instead of "
         << name_of(wanted.type) << " " << to_string(wanted.dims);
    return text.str();
  }
  std::size_t wrong = 0, first = 0;
  double worst = 0;
  for (std::size_t i = 0; i < got.size(); ++i) {
    const double g = element(got, i), w = element(wanted, i);
    if (close(g, w, absolute, relative)) continue;
    if (wrong++ == 0) first = i;
    worst = std::max(worst, std::abs(g - w));
  }
  if (wrong == 0) return {};
  text << wrong << " of " << got.size() << " elements, first " << first << ": "
       << element(got, first) << " instead of " << element(wanted, first) << ", worst off by "
       << worst;
  return text.str();
}

}  // namespace troika::onnx
