// oneTBB's flow graph by itself, for troika-bench compare: linked with another oneTBB than the one
// that the runtime uses. Its argument is the number of threads.
#include <exception>
#include <iostream>
#include <string>

#include "bench/contestant.h"

int main(int argc, char** argv) {
  using namespace troika::bench;
  try {
    const unsigned long threads = argc == 2 ? std::stoul(argv[1]) : 0;
    if (threads == 0) {
      std::cerr << "usage: troika-bench-onetbb THREADS; troika-bench compare starts it\n";
      return 2;
    }
    serve(*in_this_process(make_onetbb(static_cast<unsigned>(threads))));
  } catch (const std::exception& error) {
    std::cerr << "troika-bench-onetbb: " << error.what() << '\n';
    return 1;
  }
  return 0;
}
