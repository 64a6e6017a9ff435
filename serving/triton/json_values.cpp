#include "serving/triton/json_values.h"

#include <algorithm>
#include <charconv>

#include "serving/onnx/tensor.h"

namespace troika::triton {

std::int64_t integer(const nlohmann::json& value, const std::string& what, std::int64_t min) {
  std::int64_t parsed = 0;
  bool read = value.is_number_integer();
  if (read) {
    parsed = value.get<std::int64_t>();
  } else if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, parsed);
    read = error == std::errc{} && stop == end;
  }
  if (!read || parsed < min)
    onnx::refuse(Code::invalid_argument,
                 what + " is " + value.dump() +
                     (read ? ", at least " + std::to_string(min) + " is needed" : ", no integer"));
  return parsed;
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin <= text.size() && !text.empty();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

}  // namespace troika::triton
