#!/bin/sh
# differences_page.sh [GOLDENS]: every check that docs/reference-differences.md names exists: a test case in its file, a
# program that must not compile, a golden case whose operator has an expression (and, where the folder GOLDENS is there, that
# is in its index). Every heading that says something names one.
set -eu
cd "$(dirname "$0")/.."
goldens=${1:-}

# Reads a page; prints what is wrong with it.
wrong_in() {
  awk '
    function told() { if (heading != "" && said && !shown) print heading ": no check is named" }
    /^##+ / { told(); heading = $0; said = shown = 0; next }
    /^- shown by / { shown = 1; next }
    NF { said = 1 }
    END { told() }' "$1"
  sed -n 's/^- shown by //p' "$1" | while read -r check; do
    case $check in
      "golden case "*)
        id=${check#golden case }
        id=${id%%,*}
        operator=${id%.*}
        if ! grep -qF "@operator(\"$operator\"" tests/golden/operators/*.py && ! grep -q "^$operator " tests/golden/waiting.txt; then
          echo "$id: no golden expression for $operator"
        elif [ -f "$goldens/index.json" ] && ! grep -qF "\"$id\"" "$goldens/index.json"; then
          echo "$id: no such golden case"
        fi
        ;;
      *)
        file=${check%%:*}
        name=${check#"$file"}
        name=${name#: }
        if [ ! -f "$file" ]; then echo "$file: no such file"
        elif [ -n "$name" ]; then
          grep -F "TEST_CASE" "$file" | grep -qF "(\"$name\"" || echo "$file: no test \"$name\""
        elif [ "${file#tests/diagnostics/}" = "$file" ]; then echo "$file: name a test of it"
        fi
        ;;
    esac
  done
}

# It must be able to fail.
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
must_fail() {
  printf '## A difference\n\nWords.\n\n%s\n' "$1" >"$scratch/page.md"
  if [ -z "$(wrong_in "$scratch/page.md")" ]; then
    echo "differences_page.sh overlooks: $1"
    exit 1
  fi
}
must_fail ""
must_fail "- shown by tests/laws/nowhere.cpp: laws of simple fusion"
must_fail "- shown by tests/laws/simple.cpp: laws of nothing"
must_fail "- shown by tests/laws/simple.cpp"
must_fail "- shown by tests/diagnostics/nothing.cpp"
must_fail "- shown by golden case nobody.knows.ex0"
if [ -f "$goldens/index.json" ]; then must_fail "- shown by golden case cadene.mcb.ex99"; fi

wrong=$(wrong_in docs/reference-differences.md)
if [ -n "$wrong" ]; then
  echo "docs/reference-differences.md:"
  echo "$wrong"
  exit 1
fi
count=$(grep -c '^- shown by ' docs/reference-differences.md)
[ "$count" -ge 30 ] || { echo "docs/reference-differences.md: only $count checks"; exit 1; }
echo "docs/reference-differences.md: $count checks, all there"
