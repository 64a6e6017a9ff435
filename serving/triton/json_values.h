// Values in the server's JSON, which has integers as text in places and lists as text in
// parameters.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace troika::triton {

// Throws Code::invalid_argument, naming `what`, for what is no integer, or is below `min`.
std::int64_t integer(const nlohmann::json& value, const std::string& what,
                     std::int64_t min = INT64_MIN);
// "a,b" in parts; none of an empty text.
std::vector<std::string> split(const std::string& text);

}  // namespace troika::triton
