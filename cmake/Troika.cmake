# One function per kind of target.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib)

set(TROIKA_SANITIZE "" CACHE STRING "Sanitizers to build with: empty, address,undefined or thread")

add_library(troika_options INTERFACE)
target_compile_options(troika_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror)
target_include_directories(troika_options INTERFACE ${PROJECT_SOURCE_DIR})
if(TROIKA_SANITIZE)
  target_compile_options(troika_options INTERFACE
    -fsanitize=${TROIKA_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(troika_options INTERFACE -fsanitize=${TROIKA_SANITIZE})
endif()

# troika_add_library(<name> SOURCES <files…> [DEPENDS <targets…>]): a part of the library.
function(troika_add_library name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;DEPENDS")
  add_library(${name} STATIC ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE troika_options PUBLIC ${arg_DEPENDS})
  target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR})
endfunction()

# troika_add_backend(<name> SOURCES <files…> [DEPENDS <targets…>]): a plug-in, libtroika-<name>.so,
# that exports one symbol and hides everything else.
function(troika_add_backend name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;DEPENDS")
  add_library(troika-${name} MODULE ${arg_SOURCES})
  target_link_libraries(troika-${name} PRIVATE troika_options troika_device ${arg_DEPENDS})
  set_target_properties(troika-${name} PROPERTIES
    CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
  target_link_options(troika-${name} PRIVATE -Wl,--exclude-libs,ALL)
endfunction()

# troika_add_program(<name> SOURCES <files…> [DEPENDS <targets…>])
function(troika_add_program name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;DEPENDS")
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE troika_options ${arg_DEPENDS})
endfunction()

# troika_add_test(<name> SOURCES <files…> [DEPENDS <targets…>]): a GoogleTest program; every test in
# it is a test of ctest's.
function(troika_add_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;DEPENDS")
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE troika_options ${arg_DEPENDS} GTest::gtest_main)
  gtest_discover_tests(${name} PROPERTIES TIMEOUT 120 DISCOVERY_TIMEOUT 60)
endfunction()

# troika_calls_tbb(<files…>): sources whose lambdas oneTBB runs on its threads. The race detector
# cannot look into its library, so it would take every hand-over there for a race.
function(troika_calls_tbb)
  if(TROIKA_SANITIZE STREQUAL "thread")
    set_source_files_properties(${ARGN} PROPERTIES COMPILE_OPTIONS -fno-sanitize=thread)
  endif()
endfunction()
