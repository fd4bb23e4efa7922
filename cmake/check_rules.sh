#!/bin/sh
# check_rules.sh INCLUDE_DIR: the house rules that can be read off the text of the headers.
#  - dependencies point one way: model -> operators -> kernels -> tensor -> architecture
#  - the core includes only the cheap standard headers
#  - #pragma once, one or two comment lines on top, lines of at most 120 columns, at most 400 lines
set -eu
export LC_ALL=C
cd "$1/tectum"
status=0
scratch=$(mktemp)
complain() {
  echo "$1"
  status=1
}

allowed_folders() {
  case $1 in
    architecture) echo 'architecture' ;;
    tensor) echo 'architecture|tensor' ;;
    kernels) echo 'architecture|tensor|kernels' ;;
    operators) echo 'architecture|tensor|kernels|operators' ;;
    model) echo 'architecture|tensor|kernels|operators|model' ;;
    training) echo 'architecture|tensor|kernels|operators|model|training' ;;
    *) echo '.*' ;;
  esac
}
cheap='type_traits|concepts|initializer_list|bit|new|cstddef|cstdint|cstring|utility|limits|arm_neon.h|immintrin.h'

for header in $(find . -name '*.hpp' | sed 's,^\./,,' | sort); do
  folder=${header%%/*}
  case $header in */*) ;; *) folder=. ;; esac

  allowed=$(allowed_folders "$folder")
  grep -oE '#include <tectum/[a-z0-9_]+/' "$header" | sed 's,.*tectum/,,; s,/,,' | sort -u | while read -r used; do
    echo "$used" | grep -qxE "$allowed" || echo "$header includes <tectum/$used/...>, which $folder/ must not"
  done >"$scratch"
  if [ -s "$scratch" ]; then
    cat "$scratch"
    status=1
  fi

  # A header whose first line says 'opt-in' may include what it needs: adapters are such.
  case $folder in
    architecture | tensor | kernels | operators | model)
      if ! head -n 2 "$header" | grep -q 'opt-in'; then
        dear=$(grep -oE '^ *# *include <[a-z_.0-9]+>' "$header" | grep -oE '<.*>' | tr -d '<>' | grep -vxE "$cheap" || true)
        [ -z "$dear" ] || complain "$header is core and includes $(echo "$dear" | tr '\n' ' ')"
      fi
      ;;
  esac

  grep -qx '#pragma once' "$header" || complain "$header: no #pragma once"
  head -n 1 "$header" | grep -q '^// ' || complain "$header: the first line does not say what it is"
  long=$(awk 'length($0) > 120 { print FNR; exit }' "$header")
  [ -z "$long" ] || complain "$header:$long: longer than 120 columns"
  lines=$(wc -l <"$header")
  [ "$lines" -le 400 ] || complain "$header: $lines lines; split it"
done
rm -f "$scratch"

find . -name '*.hpp' -exec awk 'END { print FNR }' {} \; | sort -n |
  awk '{ n[NR] = $1 } END { printf "%d headers, median %d lines, longest %d\n", NR, n[int((NR + 1) / 2)], n[NR] }'
exit $status
