# The headers of CUDA 13 or later, of the machine's toolkit or of the wheels that scripts/setup puts
# below build/pypi where there is none: Cuda::headers, with cuda.h, cudaTypedefs.h and nvrtc.h.
# Nothing of CUDA is linked: CudaHeaders_NVRTC_FOLDER is where libnvrtc is, to look for it at run time.
set(CudaHeaders_ROOTS $ENV{CUDA_PATH} $ENV{CUDA_HOME} /usr/local/cuda)
file(GLOB CudaHeaders_WHEELS
  ${PROJECT_SOURCE_DIR}/build/pypi/cuda/lib/python3*/site-packages/nvidia/cu13)
list(APPEND CudaHeaders_ROOTS ${CudaHeaders_WHEELS})

set(CudaHeaders_VERSION CudaHeaders_VERSION-NOTFOUND)
foreach(root IN LISTS CudaHeaders_ROOTS)
  find_path(CudaHeaders_INCLUDE_DIR NAMES nvrtc.h PATHS ${root} PATH_SUFFIXES include NO_DEFAULT_PATH)
  if(NOT CudaHeaders_INCLUDE_DIR)
    continue()
  endif()
  file(STRINGS ${CudaHeaders_INCLUDE_DIR}/cuda.h CudaHeaders_LINE REGEX "^#define CUDA_VERSION ")
  string(REGEX MATCH "[0-9]+" CudaHeaders_NUMBER "${CudaHeaders_LINE}")
  if(CudaHeaders_NUMBER GREATER_EQUAL 13000)
    math(EXPR CudaHeaders_MAJOR "${CudaHeaders_NUMBER} / 1000")
    math(EXPR CudaHeaders_MINOR "${CudaHeaders_NUMBER} % 1000 / 10")
    set(CudaHeaders_VERSION ${CudaHeaders_MAJOR}.${CudaHeaders_MINOR})
    find_path(CudaHeaders_NVRTC_FOLDER NAMES libnvrtc.so.${CudaHeaders_MAJOR}
      PATHS ${root}/lib64 ${root}/lib NO_DEFAULT_PATH)
    break()
  endif()
  unset(CudaHeaders_INCLUDE_DIR CACHE)
endforeach()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(CudaHeaders
  REQUIRED_VARS CudaHeaders_INCLUDE_DIR CudaHeaders_NVRTC_FOLDER
  VERSION_VAR CudaHeaders_VERSION
  REASON_FAILURE_MESSAGE "no CUDA 13 toolkit in CUDA_PATH or /usr/local/cuda: scripts/setup installs its headers and NVRTC")
if(CudaHeaders_FOUND AND NOT TARGET Cuda::headers)
  add_library(Cuda::headers INTERFACE IMPORTED)
  target_include_directories(Cuda::headers SYSTEM INTERFACE ${CudaHeaders_INCLUDE_DIR})
endif()
