# What `cmake --install` puts where, so that find_package(Troika) and pkg-config find it again
# wherever the prefix goes. Plug-ins are installed by troika_add_backend().
include(CMakePackageConfigHelpers)

set(TROIKA_INSTALL_INCLUDEDIR ${CMAKE_INSTALL_INCLUDEDIR}/troika)
set(TROIKA_INSTALL_CMAKEDIR ${CMAKE_INSTALL_LIBDIR}/cmake/Troika)
set(TROIKA_INSTALL_PKGCONFIGDIR ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

install(TARGETS troika_shared EXPORT Troika
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
  FILE_SET HEADERS DESTINATION ${TROIKA_INSTALL_INCLUDEDIR})
install(EXPORT Troika FILE TroikaTargets.cmake NAMESPACE Troika::
  DESTINATION ${TROIKA_INSTALL_CMAKEDIR})

configure_package_config_file(
  ${CMAKE_CURRENT_LIST_DIR}/TroikaConfig.cmake.in ${PROJECT_BINARY_DIR}/TroikaConfig.cmake
  INSTALL_DESTINATION ${TROIKA_INSTALL_CMAKEDIR} NO_SET_AND_CHECK_MACRO)
# Before 1.0 a minor version may break what the one before promised.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/TroikaConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES
  ${PROJECT_BINARY_DIR}/TroikaConfig.cmake ${PROJECT_BINARY_DIR}/TroikaConfigVersion.cmake
  DESTINATION ${TROIKA_INSTALL_CMAKEDIR})

file(RELATIVE_PATH TROIKA_PREFIX_FROM_PKGCONFIG /${TROIKA_INSTALL_PKGCONFIGDIR} /)
string(REGEX REPLACE "/$" "" TROIKA_PREFIX_FROM_PKGCONFIG ${TROIKA_PREFIX_FROM_PKGCONFIG})
configure_file(${CMAKE_CURRENT_LIST_DIR}/troika.pc.in ${PROJECT_BINARY_DIR}/troika.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/troika.pc DESTINATION ${TROIKA_INSTALL_PKGCONFIGDIR})

install(TARGETS troika-bench RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})

# cpack -G DEB: all of it in one Debian package, which depends on what dpkg-shlibdeps finds it linked with.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_VENDOR "The Troika authors")
set(CPACK_PACKAGE_CONTACT "The Troika authors <troika@example.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "task graphs on CPUs, GPUs and FPGAs at once: library, headers, bench")
set(CPACK_PACKAGE_DESCRIPTION "${PROJECT_DESCRIPTION}.
A program says what runs and what it touches; the runtime decides where and when, moves bytes only
when they must move, and answers for every failure.")
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)  # and has ldconfig run
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS ocl-icd-libopencl1)
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "pocl-opencl-icd | opencl-icd, libdlpack-dev")
install(FILES ${CMAKE_CURRENT_LIST_DIR}/copyright DESTINATION ${CMAKE_INSTALL_DOCDIR})
include(CPack)
