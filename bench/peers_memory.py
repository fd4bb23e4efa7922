#!/usr/bin/env python3
"""peers_memory.py BUILD MODELS OURS [WORKLOADS] [BATCHES]: peak resident memory of a process that does one thing, in MB.

BUILD has the peers (bench_libtorch, bench_ort); MODELS what they load; OURS is peer_workloads. Workloads and batches as
mfb,gmu and 32,256; all and 256 if left out. Of tectum also what the arena was planned as and what parameters take. A
peer's process holds its library; tectum's counter begins anew when the weights are loaded.
"""
import glob
import json
import os
import subprocess
import sys

LIBRARY = "ort/node_modules/onnxruntime-node/bin/napi-v*/linux/x64/libonnxruntime.so.1"


def peak_of(command):
    """MB of the process, None where it failed."""
    environment = dict(os.environ, PEERS_BUDGET_S="0.01", PEERS_MIN_REPS="3", OMP_NUM_THREADS="1")
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment)
    said = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = status
    return usage.ru_maxrss / 1024 if status == 0 and b"p10" in said else None


def ours(program, models, workload, batch):
    said = subprocess.run([program, models, workload, str(batch), "--memory"], capture_output=True, text=True, check=True)
    return {line["mode"]: line for line in map(json.loads, said.stdout.splitlines())}


def main():
    if not 4 <= len(sys.argv) <= 6:
        sys.exit(__doc__)
    build, models, program = sys.argv[1:4]
    with open(os.path.join(models, "manifest.txt")) as manifest:
        names = list(dict.fromkeys(line.split()[0] for line in manifest if line.strip()))
    workloads = sys.argv[4].split(",") if len(sys.argv) > 4 and sys.argv[4] else names
    batches = sys.argv[5].split(",") if len(sys.argv) > 5 else ["256"]
    library = (glob.glob(os.path.join(build, LIBRARY)) or [None])[0]
    libtorch = os.path.join(build, "bench_libtorch")
    print("| workload | batch | mode | tectum MB | arena | planned | parameters | libtorch | ONNX Runtime |")
    print("|---|---|---|---|---|---|---|---|---|")
    for workload in workloads:
        for batch in batches:
            for mode, line in ours(program, models, workload, batch).items():
                mb = lambda key: f"{line[key] / 2**20:.1f}" if key in line else "-"
                peers = [peak_of([libtorch, models, workload, batch, mode, ""])]
                with_ort = library and mode == "infer"
                peers.append(peak_of([os.path.join(build, "bench_ort"), library, models, workload, batch]) if with_ort else None)
                shown = " | ".join("-" if p is None else f"{p:.0f}" for p in peers)
                print(f"| {workload} | {batch} | {mode} | {mb('peak_bytes')} | {mb('arena_bytes')} | {mb('planned_bytes')} | "
                      f"{mb('parameter_bytes')} | {shown} |", flush=True)


main()
