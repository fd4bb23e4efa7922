#!/bin/sh
# check_headers.sh INCLUDE_DIR COMPILER [FLAG...] -- HEADER...: each header compiles alone, and when included twice.
set -u
include=$1
compiler=$2
shift 2
flags=
while [ $# -gt 0 ] && [ "$1" != -- ]; do
  flags="$flags $1"
  shift
done
[ $# -gt 0 ] && shift
checked=0
bad=0
for header in "$@"; do
  # Flags hold no spaces by construction, so they are split on purpose.
  # shellcheck disable=SC2086
  if ! printf '#include <%s>\n#include <%s>\n' "$header" "$header" |
    "$compiler" -std=c++20 $flags -I"$include" -fsyntax-only -x c++ -; then
    echo "NOT SELF-CONTAINED: <$header> with $compiler$flags"
    bad=$((bad + 1))
  fi
  checked=$((checked + 1))
done
echo "$checked headers compiled alone, $bad bad"
[ "$bad" -eq 0 ] && [ "$checked" -gt 0 ]
