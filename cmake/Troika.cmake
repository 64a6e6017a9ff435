# One function per kind of target.

include(GNUInstallDirs)

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
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror
  # g++ 12 finds overlaps and overflows in what it inlines of std::string that are not there.
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>
  $<$<CXX_COMPILER_ID:GNU>:-Wno-error=array-bounds>
  $<$<CXX_COMPILER_ID:GNU>:-Wno-error=stringop-overflow>)
target_include_directories(troika_options INTERFACE ${PROJECT_SOURCE_DIR})
if(TROIKA_SANITIZE)
  target_compile_options(troika_options INTERFACE
    -fsanitize=${TROIKA_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(troika_options INTERFACE -fsanitize=${TROIKA_SANITIZE})
endif()

# The standard headers that most files include: read once for all libraries.
set(TROIKA_STANDARD_HEADERS
  <algorithm> <array> <atomic> <chrono> <functional> <map> <memory> <mutex> <optional> <span> <string>
  <string_view> <variant> <vector>)
file(CONFIGURE OUTPUT empty.cpp CONTENT "")
add_library(troika_headers OBJECT ${CMAKE_CURRENT_BINARY_DIR}/empty.cpp)
target_link_libraries(troika_headers PRIVATE troika_options)
target_precompile_headers(troika_headers PRIVATE ${TROIKA_STANDARD_HEADERS})

# What they include is then read once for all of them; a change to one file compiles them all again.
option(TROIKA_JOIN_SOURCES "Compile the files of a library together, eight at a time" OFF)

# troika_add_library(<name> SOURCES <files…> [DEPENDS <targets…>]): a part of the library.
function(troika_add_library name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;DEPENDS")
  add_library(${name} STATIC ${arg_SOURCES})
  set_target_properties(${name} PROPERTIES UNITY_BUILD ${TROIKA_JOIN_SOURCES})
  target_precompile_headers(${name} REUSE_FROM troika_headers)
  target_link_libraries(${name} PRIVATE troika_options PUBLIC ${arg_DEPENDS})
  target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR})
endfunction()

# troika_add_shared_library(<name> PARTS <libraries…> DEPENDS <targets…> EXPORTS <version script>
# HEADERS <files…>): the parts' objects in one library, which shows what the script says and is used
# through these headers. Calls within it are bound when it is linked.
function(troika_add_shared_library name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "EXPORTS" "PARTS;DEPENDS;HEADERS")
  set(map ${CMAKE_CURRENT_BINARY_DIR}/${arg_EXPORTS})
  configure_file(${arg_EXPORTS} ${map} @ONLY)
  list(TRANSFORM arg_PARTS REPLACE ".+" "$<TARGET_OBJECTS:\\0>" OUTPUT_VARIABLE objects)
  add_library(${name} SHARED ${objects})
  target_sources(${name} PUBLIC FILE_SET HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR} FILES ${arg_HEADERS})
  set_target_properties(${name} PROPERTIES
    VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR} LINK_DEPENDS ${map})
  target_link_libraries(${name} PRIVATE troika_options ${arg_DEPENDS})
  target_compile_features(${name} INTERFACE cxx_std_20)
  target_link_options(${name} PRIVATE
    -Wl,--version-script,${map} -Wl,-Bsymbolic-functions -Wl,--no-undefined)
endfunction()

# troika_add_backend(<name> SOURCES <files…> [DEPENDS <targets…>]): a plug-in, libtroika-<name>.so,
# that exports one symbol and hides everything else. It lies where plugin_path() looks, here and
# where it is installed.
function(troika_add_backend name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;DEPENDS")
  add_library(troika-${name} MODULE ${arg_SOURCES})
  target_link_libraries(troika-${name} PRIVATE troika_options troika_device ${arg_DEPENDS})
  set_target_properties(troika-${name} PROPERTIES
    CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
    LIBRARY_OUTPUT_DIRECTORY ${CMAKE_LIBRARY_OUTPUT_DIRECTORY}/troika)
  target_link_options(troika-${name} PRIVATE -Wl,--exclude-libs,ALL)
  install(TARGETS troika-${name} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/troika)
endfunction()

set(TROIKA_LINKED_BACKENDS "" CACHE STRING "Backends to link in instead of looking for their plug-ins")

# troika_link_backends(<target> [<backend>…]): defines linked_backends() in the target.
function(troika_link_backends target)
  set(includes "")
  set(entries "")
  foreach(backend ${ARGN})
    string(APPEND includes "#include \"backends/${backend}/${backend}.h\"\n")
    list(APPEND entries "{\"${backend}\", troika::${backend}::open_all}")
    target_link_libraries(${target} PRIVATE troika_${backend})
  endforeach()
  list(LENGTH entries count)
  list(JOIN entries ", " entries)
  file(CONFIGURE OUTPUT linked.cpp @ONLY CONTENT [[
#include "backends/linked.h"

#include <array>

@includes@
std::span<const troika::Backend> troika::linked_backends() noexcept {
  static constexpr std::array<Backend, @count@> all{{@entries@}};
  return all;
}
]])
  # On its own, so that a program may have another one.
  set_source_files_properties(${CMAKE_CURRENT_BINARY_DIR}/linked.cpp PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
  target_sources(${target} PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/linked.cpp)
endfunction()

# What most programs include: read once for all of them.
file(CONFIGURE OUTPUT nothing.cpp CONTENT "int main() {}\n")
add_executable(troika_program_headers EXCLUDE_FROM_ALL ${CMAKE_CURRENT_BINARY_DIR}/nothing.cpp)
target_link_libraries(troika_program_headers PRIVATE troika_options)
target_precompile_headers(troika_program_headers PRIVATE
  ${TROIKA_STANDARD_HEADERS} ${PROJECT_SOURCE_DIR}/runtime/troika.h)

# troika_add_program(<name> SOURCES <files…> [DEPENDS <targets…>])
function(troika_add_program name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;DEPENDS")
  add_executable(${name} ${arg_SOURCES})
  target_precompile_headers(${name} REUSE_FROM troika_program_headers)
  target_link_libraries(${name} PRIVATE troika_options ${arg_DEPENDS})
endfunction()

# A test's own code runs for a moment: to optimise it takes longer than it saves. What it tests is
# compiled as the build type says.
set(TROIKA_TEST_OPTIONS -Og)

# troika_add_test_headers(): what most tests include, read once for all of them.
function(troika_add_test_headers)
  add_executable(troika_test_headers EXCLUDE_FROM_ALL ${PROJECT_BINARY_DIR}/empty.cpp)
  target_link_libraries(troika_test_headers PRIVATE troika_options GTest::gtest_main)
  target_compile_options(troika_test_headers PRIVATE ${TROIKA_TEST_OPTIONS})
  target_precompile_headers(troika_test_headers PRIVATE
    ${TROIKA_STANDARD_HEADERS} <gtest/gtest.h> ${PROJECT_SOURCE_DIR}/runtime/troika.h)
endfunction()

# troika_use_test_headers(<target>): compiles a test's own code as they were.
function(troika_use_test_headers target)
  target_compile_options(${target} PRIVATE ${TROIKA_TEST_OPTIONS})
  target_precompile_headers(${target} REUSE_FROM troika_test_headers)
endfunction()

# troika_add_test(<name> SOURCES <files…> [DEPENDS <targets…>] [PREFIX <prefix>] [TIMEOUT <seconds>]):
# a GoogleTest program; every test in it is a test of ctest's, [<prefix>.]<suite>.<test>, and has 120
# seconds unless it says otherwise.
function(troika_add_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "PREFIX;TIMEOUT" "SOURCES;DEPENDS")
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120)
  endif()
  if(arg_PREFIX)
    string(APPEND arg_PREFIX .)
  endif()
  add_executable(${name} ${arg_SOURCES})
  troika_use_test_headers(${name})
  target_link_libraries(${name} PRIVATE troika_options ${arg_DEPENDS} GTest::gtest_main)
  gtest_discover_tests(${name} TEST_PREFIX "${arg_PREFIX}"
    PROPERTIES TIMEOUT ${arg_TIMEOUT} DISCOVERY_TIMEOUT 60)
endfunction()

# troika_test_again(<name> <prefix> <properties…>): every test of a program once more, with what is
# set among ctest's properties.
# gtest_discover_tests() takes one value a property: a second variable needs a property of its own.
function(troika_test_again name prefix)
  gtest_discover_tests(${name} TEST_PREFIX ${prefix}.
    PROPERTIES ${ARGN} TIMEOUT 120 DISCOVERY_TIMEOUT 60)
endfunction()

# Where `scripts/setup --intel` puts two OpenCL drivers, in cpu/lib and fpga/lib.
set(TROIKA_PYPI ${PROJECT_SOURCE_DIR}/build/pypi)

# troika_test_on_intel(<name> <prefix> cpu|fpga [<properties…>]): as troika_test_again(), on the OpenCL
# driver of Intel's for CPUs, or on its FPGA emulator. Where that is not installed, or under the race
# detector, which takes its threads' hand-overs for races, one skipped test, <prefix>.<name>, says so.
function(troika_test_on_intel name prefix kind)
  set(cpu intel-opencl-rt libintelocl.so)
  set(fpga intel-opencl-fpga-emu-rt libintelocl_emu.so)
  list(GET ${kind} 0 package)
  list(GET ${kind} 1 library)
  set(driver ${TROIKA_PYPI}/${kind}/lib/${library})
  if(NOT EXISTS ${driver})
    set(why "${package} is not installed (scripts/setup --intel)")
  elseif(TROIKA_SANITIZE STREQUAL "thread")
    set(why "the race detector cannot look into ${package}")
  else()
    troika_test_again(${name} ${prefix} ENVIRONMENT OCL_ICD_VENDORS=${driver} ${ARGN})
    return()
  endif()
  add_test(NAME ${prefix}.${name} COMMAND ${CMAKE_COMMAND} -E echo
    "${prefix}: Skipped\nunavailable: ${why}\n[  SKIPPED ]")
  set_tests_properties(${prefix}.${name} PROPERTIES SKIP_REGULAR_EXPRESSION "\\[  SKIPPED \\]")
endfunction()

# troika_test_on_emulated_cuda(<name> <prefix> <filter> <properties…>): as troika_test_again(), those
# tests that the filter names, on the emulated CUDA driver. What it is told goes into ENVIRONMENT.
function(troika_test_on_emulated_cuda name prefix filter)
  gtest_discover_tests(${name} TEST_PREFIX ${prefix}. TEST_FILTER ${filter}
    PROPERTIES ${ARGN} TIMEOUT 120
      ENVIRONMENT_MODIFICATION LD_LIBRARY_PATH=path_list_prepend:${PROJECT_BINARY_DIR}/drivers/cuda
    DISCOVERY_TIMEOUT 60)
  add_dependencies(${name} cuda_emulator)
endfunction()

# troika_test_on_xrt_model(<name> <prefix> <image>): as troika_test_again(), on the device model of XRT's
# cards, with build/<preset>/drivers/xrt/<image>.xclbin.
function(troika_test_on_xrt_model name prefix image)
  set(folder ${PROJECT_BINARY_DIR}/drivers/xrt)
  troika_test_again(${name} ${prefix} ENVIRONMENT XILINX_XRT=${folder}
    ENVIRONMENT_MODIFICATION TROIKA_XRT_IMAGES=set:${folder}/${image}.xclbin)
  add_dependencies(${name} xrt_images)
endfunction()

# troika_calls_tbb(<files…>): sources whose lambdas oneTBB runs on its threads. The race detector
# cannot look into its library, so it would take every hand-over there for a race.
function(troika_calls_tbb)
  if(TROIKA_SANITIZE STREQUAL "thread")
    set_source_files_properties(${ARGN} PROPERTIES
      COMPILE_OPTIONS -fno-sanitize=thread SKIP_PRECOMPILE_HEADERS ON)
  endif()
endfunction()

# troika_embed(<variable> HEADER <header> FUNCTION <name> FILES <files…>): a source file, named in
# <variable>, of the function declared in <header> that returns the files' text, one after another,
# as a std::string.
function(troika_embed variable)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "HEADER;FUNCTION" "FILES")
  set(text "")
  foreach(file IN LISTS arg_FILES)
    get_filename_component(file ${file} ABSOLUTE)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
    file(READ ${file} part)
    # One literal a file: compilers limit the length of one.
    string(APPEND text "\n    R\"embedded(${part})embedded\"")
  endforeach()
  set(embedded ${CMAKE_CURRENT_BINARY_DIR}/${variable}.cpp)
  file(CONFIGURE OUTPUT ${embedded} @ONLY CONTENT [[
#include "@arg_HEADER@"

std::string @arg_FUNCTION@() {
  return @text@;
}
]])
  set(${variable} ${embedded} PARENT_SCOPE)
endfunction()

# troika_add_kernel(<name> [SOURCES <files…>]): the picture kernel in kernels/<name>/, as library
# troika_kernel_<name>. Its opencl.cl and cuda.cu, each with its prelude before it, become the
# strings that troika::kernels::<name>_opencl() and …_cuda() return. Loops are optimised in every build type: a kernel's
# speed decides where it runs, also under a debugger. Floating-point contraction is off, so that a
# sum has one value.
set(TROIKA_KERNEL_CPU any)
if(CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64")
  set(TROIKA_KERNEL_CPU x86_64)
endif()

function(troika_add_kernel name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES")
  set(folder ${PROJECT_SOURCE_DIR}/kernels/${name})
  troika_embed(${name}_opencl HEADER kernels/${name}/${name}.h
    FUNCTION troika::kernels::${name}_opencl
    FILES ${PROJECT_SOURCE_DIR}/kernels/prelude.cl ${folder}/opencl.cl)
  troika_embed(${name}_cuda HEADER kernels/${name}/${name}.h
    FUNCTION troika::kernels::${name}_cuda
    FILES ${PROJECT_SOURCE_DIR}/kernels/prelude.cu ${folder}/cuda.cu)
  list(TRANSFORM arg_SOURCES PREPEND ${folder}/)
  troika_add_library(troika_kernel_${name}
    SOURCES ${folder}/${name}.cpp ${folder}/reference.cpp ${folder}/host.cpp ${arg_SOURCES}
      ${${name}_opencl} ${${name}_cuda}
    DEPENDS troika_kernel_common)
  target_include_directories(troika_kernel_${name}
    PRIVATE ${PROJECT_SOURCE_DIR}/kernels/cpu/${TROIKA_KERNEL_CPU})
  set(optimise -O3)
  if(TROIKA_SANITIZE)
    set(optimise -O1)  # with -O3, g++ 12's AddressSanitizer finds living temporaries dead
  endif()
  set_source_files_properties(${folder}/host.cpp ${folder}/reference.cpp
    PROPERTIES COMPILE_OPTIONS "${optimise};-ffp-contract=off")
endfunction()
