// The parts of the HTML report that are the same for every trace: the files in runtime/trace/page.
#pragma once

#include <string>

namespace troika {

std::string page_body();
std::string page_style();
std::string page_script();

}  // namespace troika
