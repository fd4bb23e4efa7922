# What only tectum's own tests, examples and benchmarks are compiled with; nothing here reaches a user's target.
option(TECTUM_NATIVE "Compile tests, examples and benchmarks for this machine's processor" OFF)
option(TECTUM_WARNINGS_AS_ERRORS "Treat warnings in tests, examples and benchmarks as errors" OFF)
set(TECTUM_TEST_LABELS "" CACHE STRING "Build and run only the tests with one of these labels; all when empty")

if(PROJECT_IS_TOP_LEVEL AND NOT DEFINED CMAKE_CXX_COMPILER_LAUNCHER)
  find_program(TECTUM_CCACHE ccache)
  mark_as_advanced(TECTUM_CCACHE)
  if(TECTUM_CCACHE)
    set(CMAKE_CXX_COMPILER_LAUNCHER "${TECTUM_CCACHE}")
  endif()
endif()

set(TECTUM_WARNING_FLAGS -Wall -Wextra -Wpedantic -Wconversion -Wshadow)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # g++ 12 warns of its own AVX-512 header, wherever a library's intrinsics are inlined.
  list(APPEND TECTUM_WARNING_FLAGS -Wno-maybe-uninitialized)
endif()
if(TECTUM_WARNINGS_AS_ERRORS)
  list(APPEND TECTUM_WARNING_FLAGS -Werror)
endif()

add_library(tectum_developer INTERFACE)
target_link_libraries(tectum_developer INTERFACE tectum::tectum)
target_compile_options(tectum_developer INTERFACE ${TECTUM_WARNING_FLAGS} $<$<BOOL:${TECTUM_NATIVE}>:-march=native>)

# Real data and golden files too large for this repository, if a folder with them lies beside it.
set(TECTUM_SHARED "${PROJECT_SOURCE_DIR}/../shared" CACHE PATH "Folder of real data for the tests; they skip without it")

# tectum_selected(RESULT LABELS...): whether TECTUM_TEST_LABELS asks for a test with these labels.
function(tectum_selected result)
  set(${result} FALSE PARENT_SCOPE)
  if(NOT TECTUM_TEST_LABELS)
    set(${result} TRUE PARENT_SCOPE)
  endif()
  foreach(label IN LISTS ARGN)
    if(label IN_LIST TECTUM_TEST_LABELS)
      set(${result} TRUE PARENT_SCOPE)
    endif()
  endforeach()
endfunction()

# tectum_tests(GROUP [FILES name...] [HELPERS name...] [LIBRARIES target...] [LABELS label...])
# adds tests/GROUP/name.cpp to the executable of that group (one a folder: it links once, and its files compile in
# parallel), and one test GROUP.name for each, which runs the cases of that file. A name may hold a folder. Helpers are
# sources without cases. Labels: GROUP and those given. May be called several times for a group.
function(tectum_tests group)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "FILES;HELPERS;LIBRARIES;LABELS")
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "tectum_tests(${group}): unknown arguments ${arg_UNPARSED_ARGUMENTS}")
  endif()
  string(REPLACE "/" "_" target "${group}_tests")
  string(REPLACE "/" "." prefix "${group}")
  tectum_selected(selected ${group} ${arg_LABELS})
  if(NOT selected OR NOT arg_FILES)
    return()
  endif()

  if(NOT TARGET ${target})
    add_executable(${target} $<TARGET_OBJECTS:tectum_test_main>)
    target_link_libraries(${target} PRIVATE tectum_developer doctest::doctest Threads::Threads)
    target_include_directories(${target} PRIVATE "${PROJECT_SOURCE_DIR}")
  endif()
  target_link_libraries(${target} PRIVATE ${arg_LIBRARIES})
  foreach(file IN LISTS arg_HELPERS)
    target_sources(${target} PRIVATE "${PROJECT_SOURCE_DIR}/tests/${group}/${file}.cpp")
  endforeach()
  foreach(file IN LISTS arg_FILES)
    target_sources(${target} PRIVATE "${PROJECT_SOURCE_DIR}/tests/${group}/${file}.cpp")
    string(REPLACE "/" "." test "${prefix}.${file}")
    add_test(NAME ${test} COMMAND ${target} "--source-file=*/tests/${group}/${file}.cpp"
             WORKING_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}")
    # A file whose name matches no case would pass with nothing run.
    set_tests_properties(${test} PROPERTIES LABELS "${group};${arg_LABELS}" TIMEOUT 300 FAIL_REGULAR_EXPRESSION
                                            "test cases: +0 ")
    if(IS_DIRECTORY "${TECTUM_SHARED}")
      set_tests_properties(${test} PROPERTIES ENVIRONMENT "TECTUM_SHARED=${TECTUM_SHARED}")
    endif()
  endforeach()
endfunction()
