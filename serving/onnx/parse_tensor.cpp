#include "serving/onnx/parse_tensor.h"

#include <bit>
#include <cstring>

#include <onnx/onnx_pb.h>

static_assert(std::endian::native == std::endian::little, "ONNX keeps raw data little-endian");

namespace troika::onnx {
namespace {

template <class To, class Field>
void fill(Tensor& tensor, const Field& field) {
  const auto to = tensor.mutable_as<To>();
  if (static_cast<std::size_t>(field.size()) != to.size())
    refuse(Code::invalid_argument, "has " + std::to_string(field.size()) + " elements, its shape " +
                                       to_string(tensor.dims) + " wants " +
                                       std::to_string(to.size()));
  std::transform(field.begin(), field.end(), to.begin(),
                 [](auto value) { return static_cast<To>(value); });
}

void fill(Tensor& tensor, const ::onnx::TensorProto& proto) {
  switch (tensor.type) {
    case ElementType::f32: return fill<float>(tensor, proto.float_data());
    case ElementType::f64: return fill<double>(tensor, proto.double_data());
    case ElementType::i8: return fill<std::int8_t>(tensor, proto.int32_data());
    case ElementType::u8: return fill<std::uint8_t>(tensor, proto.int32_data());
    case ElementType::i16: return fill<std::int16_t>(tensor, proto.int32_data());
    case ElementType::u16: return fill<std::uint16_t>(tensor, proto.int32_data());
    case ElementType::i32: return fill<std::int32_t>(tensor, proto.int32_data());
    case ElementType::u32: return fill<std::uint32_t>(tensor, proto.uint64_data());
    case ElementType::i64: return fill<std::int64_t>(tensor, proto.int64_data());
    case ElementType::u64: return fill<std::uint64_t>(tensor, proto.uint64_data());
    case ElementType::boolean: return fill<bool>(tensor, proto.int32_data());
  }
}

// Elements that the file holds: what is allocated is never more than a small multiple of its bytes.
std::size_t elements_in(const ::onnx::TensorProto& proto, std::size_t element_bytes) {
  if (proto.has_raw_data()) return proto.raw_data().size() / element_bytes;
  return static_cast<std::size_t>(proto.float_data_size() + proto.double_data_size() +
                                  proto.int32_data_size() + proto.int64_data_size() +
                                  proto.uint64_data_size());
}

Tensor tensor_of(const ::onnx::TensorProto& proto, const LoadLimits& limits) {
  if (proto.data_location() == ::onnx::TensorProto::EXTERNAL || proto.external_data_size() != 0)
    refuse(Code::unsupported, "has its data in another file, which is not read");
  if (proto.has_segment()) refuse(Code::unsupported, "is in segments, which are not read");
  const auto type = element_type_of(proto.data_type());
  if (!type)
    refuse(Code::unsupported, "has element type " + std::to_string(proto.data_type()) +
                                  " of ONNX, which is not there");
  const Dims dims(proto.dims().begin(), proto.dims().end());
  const auto count = elements_of(dims, size_of(*type), limits.tensor_bytes_max);
  if (elements_in(proto, size_of(*type)) != static_cast<std::size_t>(count))
    refuse(Code::invalid_argument, "has data for " +
                                       std::to_string(elements_in(proto, size_of(*type))) +
                                       " elements, its shape is " + to_string(dims));
  Tensor tensor = make_tensor(*type, dims);
  if (!proto.has_raw_data()) {
    fill(tensor, proto);
  } else {
    if (proto.raw_data().size() != tensor.bytes())
      refuse(Code::invalid_argument, "has a number of bytes that fits no element");
    std::memcpy(tensor.data.get(), proto.raw_data().data(), tensor.bytes());
    if (*type == ElementType::boolean)
      for (auto& flag : tensor.mutable_as<std::uint8_t>()) flag = flag != 0;
  }
  return tensor;
}

}  // namespace

Tensor parse_tensor(const ::onnx::TensorProto& proto, const LoadLimits& limits) {
  try {
    return tensor_of(proto, limits);
  } catch (const Error& error) {
    throw Error{error.status().within("tensor '" + proto.name() + "'")};
  }
}

}  // namespace troika::onnx
