#!/usr/bin/env bash
# matrix.sh [--part K] [--first K] [--seconds N] [--counts FILE]: the configurations beside 'make test', each a CMake
# workflow preset. Runs all parts, or part K alone (a number or a name); begins at part K and goes round; with --seconds
# it starts only parts expected to end within N seconds. Ends with the line 'N passed, N failed', or, with --counts,
# appends 'PASSED FAILED' to FILE instead.
set -uo pipefail
cd "$(dirname "$0")/.."

# preset, packages, seconds that it is expected to take from scratch on two cores
parts=(
  'clang      clang 400'
  'asan       clang 1300'
  'tsan       clang 400'
  'catalogue  -     600'
  'noexcept   -     150'
  'fast-math  -     700'
  'avx2       -     700'
  'baseline   -     700'
  'neon       arm   1800'
)

part= first=0 seconds=1000000 counts=
while [ $# -gt 0 ]; do
  case $1 in
    --part) part=$2 ;;
    --first) first=$2 ;;
    --seconds) seconds=$2 ;;
    --counts) counts=$2 ;;
    *)
      sed -n '2,5s/^# //p' "$0" >&2
      exit 2
      ;;
  esac
  shift 2
done

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
passed=0 failed=0 ran=0
summary=

run_part() { # PRESET PACKAGES
  local began=$SECONDS status=0 p f
  printf '\n=== matrix: %s\n' "$1"
  {
    if [ "$2" != - ]; then sh cmake/install_packages.sh test "$2"; else sh cmake/install_packages.sh test; fi &&
      timeout 2400 cmake --workflow --preset "$1"
  } </dev/null 2>&1 | tee "$scratch/log" || status=1
  read -r p f < <(sh cmake/count_tests.sh "$scratch/log" $status)
  passed=$((passed + p)) failed=$((failed + f)) ran=$((ran + 1))
  summary+=$(printf '%-10s %4d passed %4d failed %5d s' "$1" "$p" "$f" $((SECONDS - began)))$'\n'
}

chosen=0
for ((i = 0; i < ${#parts[@]}; i++)); do
  k=$(((first + i) % ${#parts[@]}))
  read -r preset packages expected <<<"${parts[k]}"
  if [ -n "$part" ] && [ "$part" != $((k + 1)) ] && [ "$part" != "$preset" ]; then continue; fi
  chosen=$((chosen + 1))
  if ((SECONDS + expected > seconds)); then
    summary+=$(printf '%-10s left out: about %d s, %d s left' "$preset" "$expected" $((seconds - SECONDS)))$'\n'
    continue
  fi
  run_part "$preset" "$packages"
done
if [ $chosen -eq 0 ]; then
  echo "matrix.sh: no part '$part'; there are 1 to ${#parts[@]}:" >&2
  printf '  %s\n' "${parts[@]%% *}" >&2
  exit 2
fi

printf '\n=== matrix: %d of %d parts\n%s' $ran ${#parts[@]} "$summary"
if [ -n "$counts" ]; then echo "$passed $failed" >>"$counts"; else echo "$passed passed, $failed failed"; fi
[ $failed -eq 0 ]
