#!/usr/bin/env python3
"""operators_page.py FACTS.jsonl [--check]: writes docs/operators.md from the comments above the operators and from what
the library says about each (tests/operators/facts.cpp); with --check, fails where the page is not current."""

import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
OPERATORS = ROOT / "include" / "tectum" / "operators"
FOLDERS = [("layers", "Layers"), ("attention", "Attention and transformers"), ("fusion", "Fusion"), ("losses", "Losses"),
           ("encoders", "Encoders")]
INTRODUCTION = """# Operators

Made by `make docs` from the comments above the operators and from what the library answers when it is asked; a test
fails when this page is older than the code. The example of each operator is one of the random draws that its checks
run on: shapes are those of one sample, parameters those of the drawn options, multiply-adds those of one sample.
Every operator passes `check_operator` (docs/adding-an-operator.md says what that is) over its draws in the catalogue
named behind it, and gives the reference results named as golden (`make golden`).
"""


def described(header):
    """(name in code, name of the operator or None, comment) of all that a header offers."""
    found, comment, detail = [], [], 0
    lines = header.read_text().splitlines()
    for i, line in enumerate(lines):
        if re.match(r"namespace detail\b.*\{", line):
            detail = 1
        if re.match(r"\}  // namespace detail", line):
            detail = 0
        if line.startswith("//"):
            comment.append(line[3:] if line.startswith("// ") else "")
            continue
        if line.startswith(("template", "  requires")):
            continue
        struct = re.match(r"(?:inline constexpr )?struct (\w+)", line)
        function = re.match(r"constexpr auto (\w+)\(", line)
        if comment and not detail and struct:
            end = next(k for k in range(i, len(lines)) if lines[k].startswith("}"))
            name = next((m[1] for m in (re.search(r'char\* name = "(\w+)"', x) for x in lines[i:end]) if m), None)
            if name:
                called = re.match(r"\} (\w+)", lines[end])
                found.append((called[1] if called else struct[1], name, comment))
        elif comment and not detail and function and not any(f[0] == function[1] for f in found):
            found.append((function[1], None, comment))
        comment = []
    return found


def paragraphs(comment):
    """The comment as Markdown: what is indented (options, shapes) becomes a list."""
    out, item = [], False
    for line in comment:
        if line.startswith("  "):
            if not item and out:
                out.append("")
            starts = not item or re.match(r"  (\[|\w+( \(.*?\))?:)", line)
            out.append(("- " if starts else "  ") + line.strip())
            item = True
        else:
            if item:
                out.append("")
            out.append(line)
            item = False
    return out


def tests_of(name):
    catalogue = [p for p in sorted((ROOT / "tests" / "operators").rglob("catalogue_*.hpp"))
                 if re.search(rf"tt::{name}\b", p.read_text())]
    golden = []
    for page in sorted((ROOT / "tests" / "golden" / "operators").glob("*.py")):
        text = page.read_text()
        for block in re.split(r"\n(?=(?:@operator|operator|activation|along|elementwise)\()", text):
            kind = name.removesuffix("_with_states")
            if re.search(rf'tt::{name}\b|"{name}"|stacked\(c, "{kind}"', block):
                golden += re.findall(r'(?:operator|activation|along|elementwise)\("([\w.]+)"', block)
    return [str(p.relative_to(ROOT)) for p in catalogue], sorted(set(golden))


def page(facts):
    out, missing = [INTRODUCTION], []
    for folder, title in FOLDERS:
        out.append(f"## {title}\n")
        for header in sorted((OPERATORS / folder).glob("*.hpp")):
            for code, name, comment in described(header):
                out.append(f"### `{code}`\n")
                out += paragraphs(comment)
                out.append("")
                if name is None:
                    out.append("- An expression of other operators.\n")
                    continue
                fact = facts.get(name)
                if fact is None:
                    missing.append(name)
                    continue
                out.append(f"- Example: {', '.join(fact['inputs']) or 'no input'} → {', '.join(fact['outputs'])}")
                if fact["parameters"]:
                    out.append(f"- Parameters: {', '.join(fact['parameters'])}; {fact['parameter_count']:,} in all")
                if fact["multiply_adds"]:
                    out.append(f"- Multiply-adds: {fact['multiply_adds']:,}")
                out.append(f"- Masks: {fact['masks']}")
                catalogue, golden = tests_of(code)
                out.append(f"- Tests: {', '.join(f'`{c}`' for c in catalogue)}" +
                           (f"; golden: {', '.join(golden)}" if golden else ""))
                out.append("")
    if missing:
        sys.exit(f"operators_page.py: no entry in the catalogue for: {', '.join(missing)}")
    return re.sub(r"\n{3,}", "\n\n", "\n".join(out)).rstrip() + "\n"


def main():
    facts = {}
    for line in pathlib.Path(sys.argv[1]).read_text().splitlines():
        fact = json.loads(line)
        facts.setdefault(fact["name"], fact)
    text, path = page(facts), ROOT / "docs" / "operators.md"
    if "--check" in sys.argv:
        if not path.exists() or path.read_text() != text:
            sys.exit("docs/operators.md is not current: run 'make docs'")
    else:
        path.write_text(text)


if __name__ == "__main__":
    main()
