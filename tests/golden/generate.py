#!/usr/bin/env python3
"""generate.py GOLDENS OUT: writes C++ for every case of GOLDENS/index.json into OUT, and the list cases.json."""

import importlib
import json
import os
import pathlib
import sys

import emit
from describe import OPERATORS, Case, Mistake, Waiting

CASES_IN_A_FILE = 6


def waiting():
    here = pathlib.Path(__file__).parent
    lines = (here / "waiting.txt").read_text().splitlines()
    return {line.strip() for line in lines if line.strip() and not line.startswith("#")}


def write(path, content):
    if not path.exists() or path.read_text() != content:
        path.write_text(content)


def main():
    goldens, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    out.mkdir(parents=True, exist_ok=True)
    for module in sorted((pathlib.Path(__file__).parent / "operators").glob("*.py")):
        importlib.import_module("operators." + module.stem)
    index = json.loads((goldens / "index.json").read_text())
    waits = waiting()
    listed, sources = [], []
    for number, entry in enumerate(index["cases"]):
        row = {"id": entry.get("id", f"case {number}"), "operator": entry.get("operator", "?"), "file": entry.get("file"),
               "state": "run", "why": "", "float32": entry.get("float32_relative_deviation"), "ignored": []}
        try:
            if entry.get("contradicts_law") and entry["operator"] in waits:
                row.update(state="differs", why=entry["contradicts_law"])
                listed.append(row)
                continue
            case = Case(entry, goldens)
            if entry.get("contradicts_law"):
                row.update(state="differs", why=entry["contradicts_law"])
                listed.append(row)
                continue
            case.write(case)
            unused = [t for t in entry["tensors"] if t.split(".")[0] in ("input", "aux", "param", "buffer", "output",
                                                                         "buffer_after")
                      and t not in case.used and t not in case.ignored and t not in set(entry.get("no_gradient", []))]
            if unused:
                raise Mistake(f"nothing stands for the tensors {', '.join(unused)}")
            row["ignored"] = sorted(case.ignored)
            sources.append((number, emit.source_of(case, number)))
        except Mistake as mistake:
            row.update(state="failed", why=str(mistake))
        except Waiting as reason:
            if entry["operator"] in waits or str(reason):
                row.update(state="skipped", why=str(reason))
            else:
                row.update(state="failed", why="nobody has said how this operator is written")
        listed.append(row)
    files = []
    for begin in range(0, len(sources), CASES_IN_A_FILE):
        name = f"cases_{begin // CASES_IN_A_FILE}.cpp"
        text = '#include "golden.hpp"\n' + "".join(s for _, s in sources[begin:begin + CASES_IN_A_FILE])
        write(out / name, text)
        files.append(name)
    for stale in out.glob("cases_*.cpp"):
        if stale.name not in files:
            os.remove(stale)
    write(out / "files.txt", "\n".join(files) + "\n")
    (out / "cases.json").write_text(json.dumps(listed, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.path.insert(0, str(pathlib.Path(__file__).parent))
    sys.exit(main())
