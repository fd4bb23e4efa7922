#!/bin/sh
# operators_page.sh write|check [COMPILER]: makes docs/operators.md from the code, or fails where it is not current. The
# examples on the page are random draws that come out as g++ evaluates them.
set -eu
cd "$(dirname "$0")/.."
compiler=${2:-${CXX:-g++}}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
"$compiler" -std=c++20 -O0 -Iinclude -I. tests/operators/facts.cpp -o "$scratch/facts"
"$scratch/facts" >"$scratch/facts.jsonl"
case $1 in
  write) python3 -B cmake/operators_page.py "$scratch/facts.jsonl" ;;
  check) python3 -B cmake/operators_page.py "$scratch/facts.jsonl" --check ;;
  *)
    echo "operators_page.sh: write or check" >&2
    exit 2
    ;;
esac
