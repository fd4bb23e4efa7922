# Reads TECTUM_VERSION from the one place where it is written: include/tectum/config.hpp.
file(STRINGS "${CMAKE_CURRENT_LIST_DIR}/../include/tectum/config.hpp" lines REGEX "^#define TECTUM_VERSION_")
foreach(part IN ITEMS MAJOR MINOR PATCH)
  if(NOT "${lines}" MATCHES "TECTUM_VERSION_${part} ([0-9]+)")
    message(FATAL_ERROR "tectum: include/tectum/config.hpp does not define TECTUM_VERSION_${part}")
  endif()
  list(APPEND TECTUM_VERSION ${CMAKE_MATCH_1})
endforeach()
list(JOIN TECTUM_VERSION "." TECTUM_VERSION)
