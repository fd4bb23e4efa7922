#!/bin/sh
# check_diagnostic.sh COMPILER MAXIMUM_LINES INCLUDE_DIR SOURCE [FLAG...]
# SOURCE must fail to compile: with every text of its '// expect: text' lines in the output, exactly one error, and at
# most MAXIMUM_LINES lines. With -DTECTUM_CORRECTED it must compile, so that it cannot fail for another reason.
# '// expect(g++): text' and '// expect(clang++): text' hold for one compiler.
set -u
compiler=$1
maximum=$2
include=$3
source=$4
shift 4
case $(basename "$compiler") in *clang*) family='clang++' ;; *) family='g++' ;; esac
status=0
complain() {
  echo "FAILED: $1"
  status=1
}

# One error text for all languages and terminals.
export LC_ALL=C
export TERM=dumb
compile() { "$compiler" -std=c++20 -fsyntax-only -I"$include" "$@" "$source" 2>&1; }

output=$(compile "$@")
[ $? -ne 0 ] || complain "it compiles, and must not"
echo "$output"
# clang gets long sentences in pieces, `text<31>{"in equation y: "}, text<9>{"..."}`: put them together again.
output=$(printf '%s\n' "$output" | sed -E 's/"\}+, ([a-z0-9_]+::)*text<[0-9]+>\{+"//g')
lines=$(printf '%s\n' "$output" | grep -c '')
errors=$(printf '%s\n' "$output" | grep -cE '(^|[ :])(fatal )?error: ')
echo "--- $lines lines, $errors error(s)"
[ "$errors" -eq 1 ] || complain "$errors errors instead of one"
[ "$lines" -le "$maximum" ] || complain "$lines lines of output; at most $maximum are allowed"

expected=$(grep -E "^// expect(\\($(printf %s "$family" | sed 's/+/\\+/g')\\))?: " "$source" | sed 's/^[^:]*[^:]: //')
[ -n "$expected" ] || complain "the program has no '// expect: text' line"
while IFS= read -r text; do
  printf '%s\n' "$output" | grep -qF -- "$text" || complain "the output does not say: $text"
done <<END
$expected
END

grep -q TECTUM_CORRECTED "$source" || complain "the program has no corrected variant (#ifdef TECTUM_CORRECTED)"
corrected=$(compile "$@" -DTECTUM_CORRECTED) || complain "the corrected variant does not compile:
$corrected"
exit $status
