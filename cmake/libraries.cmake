# The targets that users link: tectum::tectum needs nothing; tectum::eigen, tectum::xtensor and tectum::io bring theirs.
include(${CMAKE_CURRENT_LIST_DIR}/headers.cmake)

# tectum_library(NAME HEADERS...) defines tectum::NAME over headers given relative to include/.
function(tectum_library name)
  set(target tectum_${name})
  if(name STREQUAL tectum)
    set(target tectum)
  endif()
  list(TRANSFORM ARGN PREPEND "${PROJECT_SOURCE_DIR}/include/")
  add_library(${target} INTERFACE)
  add_library(tectum::${name} ALIAS ${target})
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${name})
  target_sources(${target} INTERFACE FILE_SET HEADERS BASE_DIRS "${PROJECT_SOURCE_DIR}/include" FILES ${ARGN})
  if(NOT name STREQUAL tectum)
    target_link_libraries(${target} INTERFACE tectum::tectum)
  endif()
endfunction()

tectum_library(tectum ${TECTUM_CORE_HEADERS} ${TECTUM_TRAINING_HEADERS})
target_compile_features(tectum INTERFACE cxx_std_20)
tectum_library(eigen ${TECTUM_EIGEN_HEADERS})
tectum_library(xtensor ${TECTUM_XTENSOR_HEADERS})
tectum_library(io ${TECTUM_IO_HEADERS})

# A dependency that is not found is an error only for the target that links it.
if(NOT TARGET Eigen3::Eigen)
  find_package(Eigen3 3.3 QUIET NO_MODULE GLOBAL)
endif()
if(NOT TARGET xtensor)
  find_package(xtensor 0.24 QUIET GLOBAL)
endif()
if(NOT TARGET ZLIB::ZLIB)
  find_package(ZLIB QUIET GLOBAL)
endif()
target_link_libraries(tectum_eigen INTERFACE Eigen3::Eigen)
target_link_libraries(tectum_xtensor INTERFACE xtensor)
target_link_libraries(tectum_io INTERFACE ZLIB::ZLIB)

# xtensor 0.24 names templates in a way that clang accepts since version 19 only with the old matching rule.
target_compile_options(
  tectum_xtensor
  INTERFACE
    "$<$<AND:$<CXX_COMPILER_ID:Clang>,$<VERSION_GREATER_EQUAL:$<CXX_COMPILER_VERSION>,19>>:-fno-relaxed-template-template-args;-Wno-deprecated-no-relaxed-template-template-args>"
)
