#!/bin/sh
# count_tests.sh LOG STATUS: 'PASSED FAILED' summed over the ctest summaries in LOG. A run that ended with a STATUS other
# than 0 without a failed test (the build broke, say) counts as one failure.
set -eu
awk -v status="$2" '
  /^[0-9]+% tests passed, [0-9]+ tests failed out of [0-9]+/ { failed += $4; passed += $NF - $4 }
  END { if (status != 0 && failed == 0) failed = 1; print passed + 0, failed + 0 }' "$1"
