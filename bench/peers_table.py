#!/usr/bin/env python3
"""peers_table.py LINES...: one table of tectum beside its peers, from the JSON lines of one run of them all.

p10 in microseconds, of several rounds the median. A workload that the peers have in several forms counts once: the best
peer over all forms. ratio: best peer / tectum. floor: the arithmetic at 180 GFLOP/s or one read of the weights from
where they fit, whichever is longer; of a training step three times that and one pass of Adam. Attention's softmax,
transcendental functions and activations are not in it, so nobody reaches it there. What arithmetic, reading and Adam
cost is that of one core of the machine that the peers' description is about; on another one floors are only a scale.
--json: the same as one object.
"""
import argparse
import json
import math
import statistics
import sys

FORMS = {  # workload: the names it is timed under
    "concat_mlp": ["concat_mlp"], "bilinear": ["bilinear_nn", "bilinear_outer", "bilinear_2step"], "tfn": ["tfn"],
    "lmf_r4": ["lmf_r4"], "lmf_r16": ["lmf_r16"], "mcb_core": ["mcb_core"], "mcb_head": ["mcb_head"], "mfb": ["mfb"],
    "mutan": ["mutan"], "block": ["block_loop", "block_bmm"], "xattn_s": ["xattn_s_mha", "xattn_s_hand"],
    "xattn_l": ["xattn_l_mha", "xattn_l_hand"], "gmu": ["gmu"], "film": ["film"], "flamingo": ["flamingo"],
    "mult": ["mult"], "vqa": ["vqa"], "clip": ["clip"],
}
OURS = "tectum"
WRITTEN_BY_HAND = ("hand-", "own-", "dlib")  # of concat_mlp alone: shown, but no peer
PEAK = 180e9  # arithmetic that good kernels reach on one core, FLOP/s
# What weights are read with, bytes a second, by how many bytes they are: second cache, its edge, third, memory.
READING = ((1.5e6, 150e9), (2.4e6, 65e9), (100e6, 30e9), (math.inf, 20e9))
ADAM = ((3e5, 0.37), (3e6, 0.55), (math.inf, 1.23))  # nanoseconds a parameter, by how many there are


def layer(inputs, outputs, bias=True):
    """Multiply-adds and parameters of a linear layer."""
    return inputs * outputs, inputs * outputs + (outputs if bias else 0)


def layers(*sizes, bias=True):
    return [sum(part) for part in zip(*(layer(a, b, bias) for a, b in sizes))]


def attention(width, queries, keys, inner=None, bias=True):
    """Multiply-adds and parameters: four projections, scores, sums."""
    inner = inner or width
    each, parameters = layer(width, inner, bias)[0], sum(layer(*s, bias)[1] for s in 3 * [(width, inner)] + [(inner, width)])
    return 2 * (queries + keys) * each + 2 * queries * keys * inner, parameters


def costs():
    """Workload: FLOP a sample, parameters, bytes of activations where they are most of what is moved."""
    mads = {}
    mads["concat_mlp"] = layers((448, 256), (256, 64), (64, 10))
    mads["bilinear"] = [128 * 128 * 64 + 128 * 64, 128 * 128 * 64 + 64]
    joint = 33 * 33 * 65
    tfn = layers((joint, 128), (128, 1))
    mads["tfn"] = [tfn[0] + joint / 2, tfn[1]]
    for rank in (4, 16):
        factors = rank * (33 + 33 + 65) * 64
        mads[f"lmf_r{rank}"] = [factors, factors + rank + 64]
    # Three real Fourier transforms of n, the product of two spectra, root and length.
    n = 4000
    sketch = 3 * 2.5 * n * math.log2(n) + 3 * n + 2 * n
    mads["mcb_core"] = [sketch / 2, 0]
    head = layer(n, 256)
    mads["mcb_head"] = [sketch / 2 + head[0], head[1]]
    mads["mfb"] = layers((512, 1280), (512, 1280))
    mads["mutan"] = layers((512, 128), (512, 128), (128, 1280), (128, 1280), (128, 256))
    mads["block"] = layers((512, 320), (512, 320), (320, 256), *(40 * [(16, 240)]))
    mads["xattn_s"] = attention(128, 16, 64)
    mads["xattn_l"] = attention(512, 64, 196)
    mads["gmu"] = layers((256, 256), (256, 256), (512, 256))
    film = layer(64, 128)
    mads["film"] = [film[0] + 1.5 * 32 * 64, film[1]]
    gated = attention(256, 64, 64, 512, False)
    forward = layers((256, 1024), (1024, 256), bias=False)
    mads["flamingo"] = [gated[0] + 64 * forward[0], gated[1] + forward[1] + 4 * 256 + 2]
    lengths, total = (20, 50, 50), layers((240, 240), (240, 240), (240, 1))
    for length, width in zip(lengths, (300, 74, 35)):
        total = [total[0] + length * width * 40, total[1] + width * 40]
    for q in range(3):
        for k in range(3):
            if q != k:
                cross, wide = attention(40, lengths[q], lengths[k]), layers((40, 160), (160, 40))
                total = [total[0] + 4 * (cross[0] + lengths[q] * wide[0]), total[1] + 4 * (cross[1] + wide[1] + 160) + 80]
    mads["mult"] = total
    total = layers((256, 256), (256, 256), (256, 28))
    for side, channels in ((38, 3), (19, 24), (10, 24), (5, 24)):
        total = [total[0] + side * side * 24 * 9 * channels, total[1] + 24 * (9 * channels + 1) + 48]
    cross, gru = attention(128, 12, 25), layer(160, 384)
    total = [total[0] + 25 * 26 * 128 + 12 * gru[0] + cross[0], total[1] + 27 * 128 + 80 * 32 + gru[1] + 384 + cross[1]]
    mads["vqa"] = total
    heads = layers((512, 256), (512, 256), bias=False)
    mads["clip"] = [heads[0], heads[1] + 1]
    moved = {"film": 4 * (2 * 32 * 64 + 128), "mcb_core": 4 * (2 * 512 + n)}
    return {w: (2 * m, p, moved.get(w, 0)) for w, (m, p) in mads.items()}


COSTS = costs()


def first_above(table, value):
    return next(result for limit, result in table if value <= limit)


def floor(workload, batch, mode):
    flop, parameters, moved = COSTS[workload]
    flop = flop * batch + (2 * batch * batch * 256 if workload == "clip" else 0)
    size = 4 * parameters + moved * batch
    once = max(flop / PEAK, size / first_above(READING, size)) * 1e6
    return once if mode == "infer" else 3 * once + parameters * first_above(ADAM, parameters) * 1e-3


def mean(values):
    return math.exp(sum(map(math.log, values)) / len(values))


def read(paths):
    """(name, batch, mode, peer): the p10 of every round; and what failed."""
    rounds, failed = {}, []
    for path in paths:
        with sys.stdin if path == "-" else open(path) as lines:
            for line in lines:
                try:
                    cell = json.loads(line)
                except ValueError:
                    continue
                if "p10" in cell and "workload" in cell:
                    key = cell["workload"], cell["batch"], cell["mode"], cell["peer"]
                    rounds.setdefault(key, []).append(cell["p10"])
                elif "error" in cell:
                    failed.append(" ".join(str(cell.get(k)) for k in ("workload", "batch", "mode", "peer", "error")))
    return rounds, failed


def table(rounds):
    rows, by_hand = [], {}
    for mode in ("infer", "train"):
        for workload, names in FORMS.items():
            for batch in sorted({key[1] for key in rounds}):
                ours, peers = [], {}
                for (name, b, m, peer), times in rounds.items():
                    if name not in names or (b, m) != (batch, mode):
                        continue
                    middle = statistics.median(times)
                    if peer == OURS:
                        ours += times
                    elif peer.startswith(WRITTEN_BY_HAND):
                        by_hand[mode, batch] = min(by_hand.get((mode, batch), (math.inf,)), (middle, peer))
                    else:
                        peers[f"{peer} {name}" if len(names) > 1 else peer] = middle
                if not ours and not peers:
                    continue
                row = dict(workload=workload, batch=batch, mode=mode, floor=floor(workload, batch, mode))
                if ours:
                    row.update(ours=statistics.median(ours), over_floor=statistics.median(ours) / row["floor"])
                if peers:
                    best = min(peers, key=peers.get)
                    row.update(peer=best, best_peer=peers[best], peer_over_floor=peers[best] / row["floor"])
                if ours and peers:
                    row["ratio"] = row["best_peer"] / row["ours"]
                rows.append(row)
    return rows, by_hand


def summary(rows):
    all_of_them = []
    for mode in ("infer", "train"):
        for batch in sorted({r["batch"] for r in rows}):
            cells = [r for r in rows if (r["mode"], r["batch"]) == (mode, batch)]
            both = [r for r in cells if "ratio" in r]
            with_peer = [r for r in cells if "best_peer" in r]
            if not with_peer:
                continue
            line = dict(mode=mode, batch=batch, at_the_floor=mean([r["peer_over_floor"] for r in with_peer]))
            if both:
                worst = min(both, key=lambda r: r["ratio"])
                line.update(workloads=len(both), mean_ratio=mean([r["ratio"] for r in both]), worst=worst["workload"],
                            worst_ratio=worst["ratio"], over_floor=mean([r["over_floor"] for r in both]))
            all_of_them.append(line)
    return all_of_them


def shown(value):
    return "-" if value is None else f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:.0f}"


def write(rows, lines, by_hand, failed):
    print("| workload | batch | mode | tectum us | best peer us | ratio | floor us | tectum / floor | best peer |")
    print("|---|---|---|---|---|---|---|---|---|")
    for r in rows:
        cells = [shown(r.get(k)) for k in ("ours", "best_peer", "ratio", "floor", "over_floor")]
        print(f"| {r['workload']} | {r['batch']} | {r['mode']} | {' | '.join(cells)} | {r.get('peer', '-')} |")
    print("\n| mode | batch | workloads | best peer / tectum, geometric mean | worst cell | there | tectum / floor, mean "
          "| best peer / floor, mean |\n|---|---|---|---|---|---|---|---|")
    for s in lines:
        cells = [shown(s.get(k)) for k in ("mean_ratio", "worst_ratio")]
        print(f"| {s['mode']} | {s['batch']} | {s.get('workloads', 0)} | {cells[0]} | {s.get('worst', '-')} | {cells[1]} "
              f"| {shown(s.get('over_floor'))} | {shown(s['at_the_floor'])} |")
    for (mode, batch), (time, peer) in by_hand.items():
        ours = next((r.get("ours") for r in rows if (r["workload"], r["batch"], r["mode"]) == ("concat_mlp", batch, mode)),
                    None)
        ratio = shown(time / ours if ours else None)
        print(f"\nwritten by hand, concat_mlp {mode} {batch}: {shown(time)} us ({peer}), over tectum {ratio}", end="")
    if by_hand:
        print()
    for text in sorted(set(failed)):
        print("without a time:", text, file=sys.stderr)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lines", nargs="+", help="files of JSON lines; - is the standard input")
    parser.add_argument("--json", action="store_true", help="one object instead of tables")
    options = parser.parse_args()
    rounds, failed = read(options.lines)
    rows, by_hand = table(rounds)
    if not rows:
        sys.exit("peers_table: no cell in " + ", ".join(options.lines))
    lines = summary(rows)
    if options.json:
        hand = [dict(mode=m, batch=b, us=t, peer=p) for (m, b), (t, p) in by_hand.items()]
        print(json.dumps(dict(cells=rows, means=lines, by_hand=hand, failed=sorted(set(failed))), indent=1))
    else:
        write(rows, lines, by_hand, failed)


main()
