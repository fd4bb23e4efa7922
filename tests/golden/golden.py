#!/usr/bin/env python3
"""golden.py GOLDENS BUILD [PART OF A NAME]: writes every case of GOLDENS as a network of public operators, compiles
and runs them, and says how far outputs and gradients are off. The compiler is $CXX (g++), its flags $GOLDEN_FLAGS, the
engine $GOLDEN_ENGINE (native or reference)."""

import concurrent.futures
import hashlib
import importlib
import json
import os
import pathlib
import shlex
import subprocess
import sys
import time

import emit
from describe import Case, Mistake, Waiting

HERE = pathlib.Path(__file__).resolve().parent
INCLUDE = HERE.parent.parent / "include"
CASES_IN_A_FILE = 6


def waiting():
    """The operators that wait, and the options that each knows."""
    lines = (HERE / "waiting.txt").read_text().splitlines()
    return {line.split()[0]: set(line.split()[1:]) for line in lines if line.strip() and not line.startswith("#")}


def read_cases(goldens, part):
    """What becomes of each case, and the source of those that are run, by id."""
    for module in sorted((HERE / "operators").glob("*.py")):
        importlib.import_module("operators." + module.stem)
    index, waits = json.loads((goldens / "index.json").read_text()), waiting()
    rows, sources = [], {}
    for number, entry in enumerate(index["cases"]):
        if part not in entry["id"]:
            continue
        row = {"id": entry["id"], "operator": entry["operator"], "file": entry["file"], "state": "run", "why": "",
               "float32": entry.get("float32_relative_deviation"), "ignored": []}
        rows.append(row)
        waits_still = entry["operator"] in waits
        try:
            case = None if waits_still else Case(entry, goldens)
            unknown = set(entry["hyperparameters"]) - waits[entry["operator"]] if waits_still else set()
            if unknown:
                raise Mistake(f"unknown option '{min(unknown)}'")
            if entry.get("contradicts_law"):
                row.update(state="differs", why=entry["contradicts_law"])
                continue
            if waits_still:
                raise Waiting("")
            case.write(case)
            needed = {t for t in entry["tensors"] if not t.startswith(("grad.", "cotangent."))}
            unused = needed - case.used - case.ignored - set(entry.get("no_gradient", []))
            if unused:
                raise Mistake(f"nothing stands for the tensors {', '.join(sorted(unused))}")
            row["ignored"] = sorted(case.ignored)
            sources[entry["id"]] = emit.source_of(case, number)
        except Mistake as mistake:
            row.update(state="failed", why=str(mistake))
        except Waiting as reason:
            row.update(state="skipped", why=str(reason))
    return rows, sources


class Compiler:
    """Compiles texts to objects; an object is kept for as long as the text, the headers and the flags stay the same."""

    def __init__(self, build):
        self.build = build
        build.mkdir(parents=True, exist_ok=True)
        flags = os.environ.get("GOLDEN_FLAGS") or "-O1 -march=native"
        flags += " -DTECTUM_GOLDEN_ENGINE=" + (os.environ.get("GOLDEN_ENGINE") or "native")
        self.command = shlex.split(os.environ.get("CXX", "g++")) + ["-std=c++20", *shlex.split(flags), f"-I{INCLUDE}",
                                                                    f"-I{HERE}"]
        headers = hashlib.sha256()
        for header in sorted([*INCLUDE.rglob("*.hpp"), HERE / "golden.hpp"]):
            headers.update(header.read_bytes())
        self.state = headers.hexdigest() + " ".join(self.command)

    def object_of(self, text):
        """The object, or the first error."""
        name = hashlib.sha256((self.state + text).encode()).hexdigest()[:24]
        source, made = self.build / f"{name}.cpp", self.build / f"{name}.o"
        if made.exists():
            return made, None
        source.write_text(text)
        done = subprocess.run([*self.command, "-c", str(source), "-o", f"{made}.new"], capture_output=True, text=True)
        if done.returncode == 0:
            os.rename(f"{made}.new", made)
            return made, None
        errors = [line for line in done.stderr.splitlines() if "error" in line or "tectum:" in line]
        return None, "does not compile: " + " | ".join(e.split("error: ")[-1] for e in errors[:2])


def compile_all(compiler, rows, sources):
    """Objects of all cases that compile; a file that does not is compiled again case by case, to find which."""
    ids = list(sources)
    groups = [ids[i:i + CASES_IN_A_FILE] for i in range(0, len(ids), CASES_IN_A_FILE)]

    def text_of(group):
        return '#include "golden.hpp"\n' + "".join(sources[i] for i in group)

    objects, failures = [], {}
    with concurrent.futures.ThreadPoolExecutor(int(os.environ.get("JOBS", os.cpu_count() or 1))) as pool:
        main = pool.submit(compiler.object_of, (HERE / "main.cpp").read_text())
        alone = []
        for group, (made, error) in zip(groups, pool.map(lambda g: compiler.object_of(text_of(g)), groups)):
            if made:
                objects.append(made)
            else:
                alone += [[i] for i in group]
        for group, (made, error) in zip(alone, pool.map(lambda g: compiler.object_of(text_of(g)), alone)):
            if made:
                objects.append(made)
            else:
                failures[group[0]] = error
    for row in rows:
        if row["id"] in failures:
            row.update(state="failed", why=failures[row["id"]])
    made, error = main.result()
    if error:
        sys.exit(f"golden: main.cpp {error}")
    return [made, *objects]


def main():
    goldens, build = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
    part = sys.argv[3] if len(sys.argv) > 3 else ""
    if not (goldens / "index.json").exists():
        sys.exit(f"golden: {goldens} has no index.json; say where the cases are: make golden GOLDENS=DIR")
    began = time.time()
    rows, sources = read_cases(goldens, part)
    compiler = Compiler(build)
    objects = compile_all(compiler, rows, sources)
    program = build / "golden"
    subprocess.run([*compiler.command, *map(str, objects), "-o", str(program)], check=True)
    (build / "cases.json").write_text(json.dumps(rows, indent=1))
    print(f"{len(rows)} cases, {len(sources)} compiled in {time.time() - began:.0f} s", flush=True)
    sys.exit(subprocess.run([str(program), str(goldens), str(build / "cases.json")]).returncode)


if __name__ == "__main__":
    main()
