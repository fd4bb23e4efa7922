#!/bin/bash
# peers.sh SHARED [OPTION...]: times build/bench/bench/peer_workloads inside the loop of SHARED/peers, which has what
# people use instead, and prints bench/peers_table.py with these options. Keep the other cores idle. Environment:
#   PEERS_BUILD (build/peers): where the peers are or will be built, with their models; absolute or from here
#   ORT_INC: headers of ONNX Runtime, without which that peer is not built
#   ROUNDS (3); WORKLOADS, BATCHES: some of them, as mfb,gmu and 1,8; PEERS_BUDGET_S, PEERS_MIN_REPS: as for the peers
set -eu
shared=$(cd "$1" && pwd)
shift
root=$(cd "$(dirname "$0")/.." && pwd)
ours=$root/build/bench/bench/peer_workloads
PEERS_BUILD=${PEERS_BUILD:-$root/build/peers}
mkdir -p "$PEERS_BUILD"
PEERS_BUILD=$(cd "$PEERS_BUILD" && pwd)
export PEERS_BUILD PYTHONDONTWRITEBYTECODE=1
if [ -n "${ORT_INC:-}" ]; then
  ORT_INC=$(cd "$ORT_INC" && pwd)
  export ORT_INC
fi
case $ours in *\ *) echo 'peers.sh: the path of this checkout must not have blanks' >&2 && exit 1 ;; esac

if [ ! -x "$PEERS_BUILD/bench_libtorch" ] || [ ! -s "$PEERS_BUILD/models/manifest.txt" ] ||
  { [ -n "${ORT_INC:-}" ] && [ ! -x "$PEERS_BUILD/bench_ort" ]; }; then
  bash "$shared/peers/setup.sh" >&2
fi

lines=$root/build/bench/peers.jsonl
status=0
OURS=$ours PEERS_ROUNDS=${ROUNDS:-3} PEERS_JSONL=$lines \
  bash "$shared/peers/run.sh" "${WORKLOADS:-}" "${BATCHES:-}" >/dev/null || status=$?
[ "$status" -eq 0 ] || echo "peers.sh: the peers' run ended with $status; what they said is in $PEERS_BUILD/run.err" >&2
grep ', batch [0-9]*: off by' "$PEERS_BUILD/run.err" >&2 || true
python3 -B "$root/bench/peers_table.py" "$lines" "$@"
exit "$status"
