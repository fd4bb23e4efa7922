#!/bin/bash
# concat_mlp.sh SHARED [ROUNDS]: times bench/concat_mlp beside the hand-written forms and torch eager of SHARED/peers, in
# rounds on one core, and prints one table: p10 in microseconds (median of the rounds) and what others take over ours.
# Needs libopenblas-dev, libdnnl-dev, libeigen3-dev, python3-torch and libjemalloc2. Keep the other core idle.
set -eu
shared=$(cd "$1" && pwd)
rounds=${2:-3}
root=$(cd "$(dirname "$0")/.." && pwd)
build=$root/build/concat_mlp
mkdir -p "$build"
g++ -std=c++20 -O3 -march=native -I"$root/include" "$root/bench/concat_mlp.cpp" -o "$build/ours"
g++ -std=c++20 -O3 -march=native -fno-math-errno "$shared/peers/bench_hand.cpp" -I/usr/include/eigen3 -o "$build/hand" \
  -lopenblas -ldnnl
cd "$shared/peers"
export PYTHONDONTWRITEBYTECODE=1
set +u
. ./env.sh
set -u
lines=$build/lines
: > "$lines"
for round in $(seq "$rounds"); do
  taskset -c 0 "$build/ours" >> "$lines"
  taskset -c 0 "$build/hand" | grep concat_mlp >> "$lines"
  LD_PRELOAD=libjemalloc.so.2 taskset -c 0 "$PYTHON" bench_torch.py eager --only concat_mlp >> "$lines"
done
"$PYTHON" - "$lines" <<'END'
import json, statistics, sys
cells, peaks = {}, []
for line in open(sys.argv[1]):
    d = json.loads(line)
    if 'peak_gflops' in d:
        peaks.append(d)
        continue
    cells.setdefault((d['mode'], d['batch'], d['peer']), []).append(d['p10'])
for key in ('peak_gflops', 'product_1_gflops', 'product_8_gflops', 'product_32_gflops', 'product_256_gflops'):
    print(f"{key}: {statistics.median(d[key] for d in peaks):.1f}")
p10 = {k: statistics.median(v) for k, v in cells.items()}
print(f"{'mode':6} {'batch':>5} {'peer':28} {'p10 us':>9} {'over ours':>9}")
for mode, batch, peer in sorted(p10, key=lambda k: (k[0], k[1], p10[k])):
    t = p10[mode, batch, peer]
    print(f"{mode:6} {batch:5} {peer:28} {t:9.2f} {t / p10[mode, batch, 'tectum']:9.2f}")
END
