# XRT 2.13, the vendor's runtime for FPGA cards: Xrt::headers, Xrt::coreutil with the C++ interface,
# and Xrt_EMULATOR_LIBRARY, the archive that the device model takes four objects from. Its own
# xrt.pc names folders that are not there, and a library that must not be linked.
find_path(Xrt_INCLUDE_DIR NAMES xrt/xrt_device.h PATHS $ENV{XILINX_XRT}/include PATH_SUFFIXES xrt)
find_library(Xrt_COREUTIL_LIBRARY xrt_coreutil PATHS $ENV{XILINX_XRT}/lib)
find_library(Xrt_EMULATOR_LIBRARY libxrt_swemu.a PATHS $ENV{XILINX_XRT}/lib)
find_path(Xrt_UUID_INCLUDE_DIR uuid/uuid.h)
find_library(Xrt_UUID_LIBRARY uuid)
if(Xrt_INCLUDE_DIR)
  file(STRINGS ${Xrt_INCLUDE_DIR}/version.h Xrt_LINE REGEX "xrt_build_version\\[\\]")
  string(REGEX MATCH "[0-9]+\\.[0-9]+\\.[0-9]+" Xrt_VERSION "${Xrt_LINE}")
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Xrt
  REQUIRED_VARS Xrt_COREUTIL_LIBRARY Xrt_INCLUDE_DIR Xrt_UUID_INCLUDE_DIR Xrt_UUID_LIBRARY
  VERSION_VAR Xrt_VERSION
  REASON_FAILURE_MESSAGE "libxrt-dev and uuid-dev have it: scripts/setup installs them")
if(Xrt_FOUND AND NOT TARGET Xrt::coreutil)
  add_library(Xrt::headers INTERFACE IMPORTED)
  target_include_directories(Xrt::headers SYSTEM INTERFACE ${Xrt_INCLUDE_DIR} ${Xrt_UUID_INCLUDE_DIR})
  add_library(Xrt::coreutil UNKNOWN IMPORTED)
  set_target_properties(Xrt::coreutil PROPERTIES
    IMPORTED_LOCATION ${Xrt_COREUTIL_LIBRARY} INTERFACE_LINK_LIBRARIES "Xrt::headers;${Xrt_UUID_LIBRARY}")
endif()
