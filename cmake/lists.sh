#!/bin/sh
# lists.sh write|check: keeps cmake/headers.cmake equal to the headers on disk, and proves that every test, example and
# benchmark source is named in its CMakeLists.txt. The build itself never searches the disk for sources.
set -eu
export LC_ALL=C
cd "$(dirname "$0")/.."

select_headers() {
  (cd include && find tectum -name '*.hpp' | sort) | while read -r header; do
    case $header in
      *eigen*) set_name=EIGEN ;;
      *xtensor*) set_name=XTENSOR ;;
      tectum/io.hpp | tectum/io/*) set_name=IO ;;
      tectum/tectum.hpp | tectum/check* | tectum/training.hpp | tectum/training/*) set_name=TRAINING ;;
      *) set_name=CORE ;;
    esac
    if [ "$set_name" = "$1" ]; then echo "    $header"; fi
  done
}

generate() {
  echo "# Public headers by set. Written by cmake/lists.sh ('make lists'); a test proves that it is current."
  echo "# CORE compiles without exceptions and run-time type information; TRAINING (and check/) need not."
  for name in CORE TRAINING EIGEN XTENSOR IO; do
    echo "set(TECTUM_${name}_HEADERS"
    select_headers $name
    echo ")"
  done
}

case ${1:-} in
  write) generate >cmake/headers.cmake ;;
  check)
    status=0
    if ! generate | diff -u cmake/headers.cmake -; then
      echo "cmake/headers.cmake is not current: run 'make lists'"
      status=1
    fi
    listed() { # NAME CMAKELISTS: a word of the list
      if ! grep -qE "(^|[ (])$1([ )]|\$)" "$2"; then
        echo "${2%CMakeLists.txt}: '$1' is not named in $2"
        status=1
      fi
    }
    for source in $(find tests -mindepth 2 -name '*.cpp' -not -path 'tests/consumer/*' -not -path 'tests/diagnostics/*' \
      -not -path 'tests/nonblocking/*' -not -path 'tests/golden/*' -not -name facts.cpp); do
      name=${source#tests/*/} # below its group's folder
      listed "${name%.cpp}" tests/CMakeLists.txt
    done
    for source in $(find tests/diagnostics -maxdepth 1 -name '*.cpp'); do
      listed "$(basename "$source" .cpp)" tests/diagnostics/CMakeLists.txt
    done
    for source in $(find examples -name '*.cpp'); do
      listed "$(basename "$source" .cpp)" examples/CMakeLists.txt
    done
    for source in $(find bench -maxdepth 1 -name '*.cpp'); do
      listed "$(basename "$source" .cpp)" bench/CMakeLists.txt
    done
    exit $status
    ;;
  *)
    echo "usage: lists.sh write|check" >&2
    exit 2
    ;;
esac
