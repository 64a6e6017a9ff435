#include "serving/onnx/model.h"

#include <fstream>

#include "serving/onnx/parse.h"

namespace troika::onnx {

std::string Node::title() const {
  const std::string& shown = !name.empty() || outputs.empty() ? name : outputs.front();
  return "node '" + shown + "' (" + op + ")";
}

Model Model::load(const std::filesystem::path& path, const LoadLimits& limits) {
  std::ifstream file{path, std::ios::binary | std::ios::ate};
  if (!file || !std::filesystem::is_regular_file(path))
    refuse(Code::not_found, "model file " + path.string() + " cannot be read");
  const auto bytes = static_cast<std::size_t>(file.tellg());
  if (bytes > limits.file_bytes_max)
    refuse(Code::exhausted, "model file " + path.string() + " has " + std::to_string(bytes) +
                                " bytes, " + std::to_string(limits.file_bytes_max) + " are read");
  std::vector<std::byte> content(bytes);
  file.seekg(0);
  if (!file.read(reinterpret_cast<char*>(content.data()), static_cast<std::streamsize>(bytes)))
    refuse(Code::unavailable, "model file " + path.string() + " cannot be read to its end");
  try {
    return load(content, limits);
  } catch (const Error& error) {
    throw Error{error.status().within(path.string())};
  }
}

Model Model::load(std::span<const std::byte> bytes, const LoadLimits& limits) {
  return Model{std::make_shared<const ModelGraph>(parse(bytes, limits))};
}

}  // namespace troika::onnx
