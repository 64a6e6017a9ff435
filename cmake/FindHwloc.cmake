# hwloc: Hwloc::Hwloc. With Hwloc_USE_STATIC_LIBS its static library, and what that needs.
find_path(Hwloc_INCLUDE_DIR hwloc.h)
if(Hwloc_USE_STATIC_LIBS)
  find_library(Hwloc_LIBRARY libhwloc.a)
  # Of libudev Debian has no static library; libhwloc-dev brings it along without its headers.
  find_library(Hwloc_UDEV_LIBRARY NAMES udev libudev.so.1 REQUIRED)
  set(Hwloc_NEEDS ${Hwloc_UDEV_LIBRARY} m)
else()
  find_library(Hwloc_LIBRARY hwloc)
endif()
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Hwloc REQUIRED_VARS Hwloc_LIBRARY Hwloc_INCLUDE_DIR)
if(Hwloc_FOUND AND NOT TARGET Hwloc::Hwloc)
  add_library(Hwloc::Hwloc UNKNOWN IMPORTED)
  set_target_properties(Hwloc::Hwloc PROPERTIES
    IMPORTED_LOCATION ${Hwloc_LIBRARY}
    INTERFACE_INCLUDE_DIRECTORIES ${Hwloc_INCLUDE_DIR}
    INTERFACE_LINK_LIBRARIES "${Hwloc_NEEDS}")
endif()
