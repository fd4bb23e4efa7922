#!/usr/bin/env python3
"""Prints what `fusion_strategies --json FILE` wrote as a Markdown table, the most accurate first.

Several files may be given, as of a run that was broken off and one of the rest; of one strategy the last line counts.
"""
import json
import sys

rows = {}
for path in sys.argv[1:]:
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            rows[row["strategy"]] = row
if not rows:
    sys.exit("usage: fusion_strategies_table.py FILE...")
chosen = max(rows.values(), key=lambda row: row["validation_accuracy"])
print("| strategy | test, % | validation, % | parameters | multiply-adds | training step, ms | inference, us | seconds |")
print("|---|---|---|---|---|---|---|---|")
for row in sorted(rows.values(), key=lambda row: (-row["accuracy"], row["strategy"])):
    accuracy = f"{100 * row['accuracy']:.2f}"
    if row["seeds"] > 1:
        accuracy += f" ± {100 * row['accuracy_std']:.2f}"
    if row is chosen:
        accuracy = f"**{accuracy}**"
    print(
        f"| {row['strategy']} | {accuracy} | {100 * row['validation_accuracy']:.2f} | {row['parameters']}"
        f" | {row['multiply_adds']} | {row['train_step_us'] / 1000:.1f} | {row['inference_us']:.0f}"
        f" | {row['seconds']:.0f} |"
    )
